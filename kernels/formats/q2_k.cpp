// 256 values in 16 sub-blocks: 16 bytes of scale and minimum nibbles, 64 bytes of bit pairs, f16 d, f16 dmin.
// y = (d · scale) · q − (dmin · min).
#include "kernels/formats/block.h"

namespace deskhand {
namespace {

void split(const std::byte* b, Pieces& p) {
  p.halves = {load_u16(b + 80), load_u16(b + 82)};
  std::memcpy(p.scales.data(), b, 16);
  split_bit_pairs_256(b + 16, p.codes.data());
}

void values(const Pieces& p, float* y) {
  const float d = half(p, 0), dmin = half(p, 1);
  for (int k = 0; k < 16; ++k) {
    const float scale = d * static_cast<float>(p.scales[k] & 15);
    const float min = dmin * static_cast<float>(p.scales[k] >> 4);
    for (int i = 16 * k; i < 16 * k + 16; ++i) y[i] = scale * static_cast<float>(p.codes[i]) - min;
  }
}

constexpr Coding coding{2, 2, 16, split, values};

}  // namespace

extern const Format format_q2_k{DType::q2_k, row_to_float<DType::q2_k, split, values>, nullptr, &coding};

}  // namespace deskhand
