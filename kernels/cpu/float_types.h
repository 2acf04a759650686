#pragma once
// The types that the loops read as they are.
//
//   isa.convert[float_index(DType::f16)](bytes, count, floats);

#include <algorithm>
#include <array>

#include "kernels/dtype.h"

namespace deskhand::cpu {

inline constexpr std::array float_types = {DType::f32, DType::f16, DType::bf16};

/// Index of a type in Isa::float_rows and Isa::convert, or −1.
inline int float_index(DType type) {
  const auto* at = std::find(float_types.begin(), float_types.end(), type);
  return at == float_types.end() ? -1 : static_cast<int>(at - float_types.begin());
}

}  // namespace deskhand::cpu
