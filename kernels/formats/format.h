#pragma once
// What a file's bytes mean: one Format per element type that Deskhand computes with, one file per format.
//
//   const Format* format = find_format(DType::q4_k);               // null: known layout, but no arithmetic here
//   format->to_float(row_bytes, values, 512);                      // bit-equal to the published definition
//   format->coding->split(block, pieces);                          // integer codes and raw scales of one block
//
// The formulas are those of the GGUF formats, operations in the stated order, no fused multiply-add.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/dtype.h"

namespace deskhand {

/// One block taken apart; what a device's own layout is made of.
struct Pieces {
  std::array<uint8_t, 256> codes;  ///< unsigned codes, one per value, in order (Q8_0: the signed byte's bits)
  std::array<uint16_t, 2> halves;  ///< the block's f16 numbers
  std::array<uint8_t, 16> scales;  ///< the block's scale bytes, as in the file unless the format says otherwise
};

/// How a quantised format is taken apart and what its pieces mean.
struct Coding {
  int bits;    ///< of a code: 2 to 6, or 8
  int halves;  ///< used entries of Pieces::halves
  int scales;  ///< used entries of Pieces::scales
  void (*split)(const std::byte* block, Pieces& pieces);
  void (*values)(const Pieces& pieces, float* values);
};

struct Format {
  DType type;
  /// `count` values (a multiple of the block) of one row.
  void (*to_float)(const std::byte* row, float* values, int64_t count);
  /// The reverse, rounding to nearest; null where Deskhand never writes the format.
  void (*from_float)(const float* values, std::byte* row, int64_t count);
  /// Null for plain floats.
  const Coding* coding;
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
