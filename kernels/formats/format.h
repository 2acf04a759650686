#pragma once
// What a file's bytes mean: one Format per element type that Deskhand computes with, one file per format.
//
//   const Format* format = find_format(DType::q4_k);               // null: known layout, but no arithmetic here
//   format->to_float(row_bytes, values, 512);                      // bit-equal to the published definition
//
// The formulas are those of the GGUF formats, operations in the stated order, no fused multiply-add.

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/dtype.h"

namespace deskhand {

struct Format {
  DType type;
  /// `count` values (a multiple of the block) of one row.
  void (*to_float)(const std::byte* row, float* values, int64_t count);
  /// The reverse, rounding to nearest; null where Deskhand never writes the format.
  void (*from_float)(const float* values, std::byte* row, int64_t count);
};

/// Every format, one per file of kernels/formats/.
std::span<const Format* const> formats();

inline const Format* find_format(DType type) {
  for (const Format* format : formats()) {
    if (format->type == type) return format;
  }
  return nullptr;
}

}  // namespace deskhand
