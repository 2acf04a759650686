#include <cstring>

#include "kernels/formats/format.h"

namespace deskhand {
namespace {

void to_float(const std::byte* row, float* values, int64_t count) {
  std::memcpy(values, row, static_cast<size_t>(count) * sizeof(float));
}

void from_float(const float* values, std::byte* row, int64_t count) {
  std::memcpy(row, values, static_cast<size_t>(count) * sizeof(float));
}

}  // namespace

extern const Format format_f32{DType::f32, to_float, from_float, nullptr};

}  // namespace deskhand
