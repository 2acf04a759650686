// 256 values in 8 sub-blocks: f16 d, u16 high scale bits, 4 bytes of low scale nibbles, 128 bytes of nibbles.
// y = d · (scale − 32) · level[q]. Pieces::scales holds the signed scale − 32.
#include "kernels/formats/block.h"

namespace deskhand {
namespace {

void split(const std::byte* b, Pieces& p) {
  p.halves[0] = load_u16(b);
  const int high = load_u16(b + 2);
  for (int s = 0; s < 8; ++s) {
    const int low = (byte_at(b, 4 + s / 2) >> (4 * (s % 2))) & 15;
    p.scales[s] = static_cast<uint8_t>((low | ((high >> (2 * s)) & 3) << 4) - 32);
    split_nibbles(b + 8 + 16 * s, p.codes.data() + 32 * s);
  }
}

void values(const Pieces& p, float* y) {
  for (int i = 0; i < 256; ++i) {
    const float scale = half(p, 0) * static_cast<float>(static_cast<int8_t>(p.scales[i / 32]));
    y[i] = scale * static_cast<float>(iq4_levels[p.codes[i]]);
  }
}

constexpr Coding coding{4, 1, 8, split, values};

}  // namespace

extern const Format format_iq4_xs{DType::iq4_xs, row_to_float<DType::iq4_xs, split, values>, nullptr, &coding};

}  // namespace deskhand
