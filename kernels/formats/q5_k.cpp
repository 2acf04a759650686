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

constexpr Coding coding{5, 2, 12, split, values_with_minima};

}  // namespace

extern const Format format_q5_k{DType::q5_k, row_to_float<DType::q5_k, split, values_with_minima>, nullptr, &coding};

}  // namespace deskhand
