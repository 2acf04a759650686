// 256 values in 8 sub-blocks: as Q4_K, with 32 bytes of fifth bits (bit k of byte l) before the nibbles.
// y = (d · scale) · q − (dmin · min).
#include "kernels/formats/block.h"

namespace deskhand {
namespace {

void split(const std::byte* b, Pieces& p) {
  p.halves = {load_u16(b), load_u16(b + 2)};
  std::memcpy(p.scales.data(), b + 4, 12);
  split_nibbles_256(b + 48, p.codes.data());
  for (int k = 0; k < 8; ++k) {
    uint8_t* codes = p.codes.data() + 32 * k;
    for (int l = 0; l < 32; ++l) codes[l] = static_cast<uint8_t>(codes[l] | ((byte_at(b, 16 + l) >> k) & 1) << 4);
  }
}

void from_float(const float* values, std::byte* row, int64_t count) {
  for (int64_t block = 0; block < count / 256; ++block, values += 256, row += 176) {
    const SuperBlock fitted = fit_super_block(values, 31);
    join_scales_and_minima(fitted, row);
    for (size_t i = 0; i < 32; ++i) {
      int high = 0;
      for (size_t k = 0; k < 8; ++k) high |= (fitted.codes[32 * k + i] >> 4) << k;
      row[16 + i] = static_cast<std::byte>(high);
    }
    join_nibbles_256(fitted.codes.data(), row + 48);
  }
}

constexpr Coding coding{5, 2, 12, split, values_with_minima};

}  // namespace

extern const Format format_q5_k{DType::q5_k, row_to_float<DType::q5_k, split, values_with_minima>, from_float, &coding};

}  // namespace deskhand
