// 256 values in 8 sub-blocks: f16 d, f16 dmin, 12 bytes of 6-bit scales and minima, 128 bytes of nibbles q.
// y = (d · scale) · q − (dmin · min).
#include "kernels/formats/block.h"

namespace deskhand {
namespace {

void split(const std::byte* b, Pieces& p) {
  p.halves = {load_u16(b), load_u16(b + 2)};
  std::memcpy(p.scales.data(), b + 4, 12);
  split_nibbles_256(b + 16, p.codes.data());
}

void from_float(const float* values, std::byte* row, int64_t count) {
  for (int64_t block = 0; block < count / 256; ++block, values += 256, row += 144) {
    const SuperBlock fitted = fit_super_block(values, 15);
    join_scales_and_minima(fitted, row);
    join_nibbles_256(fitted.codes.data(), row + 16);
  }
}

constexpr Coding coding{4, 2, 12, split, values_with_minima};

}  // namespace

extern const Format format_q4_k{DType::q4_k, row_to_float<DType::q4_k, split, values_with_minima>, from_float, &coding};

}  // namespace deskhand
