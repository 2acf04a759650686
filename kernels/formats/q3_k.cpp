// 256 values in 16 sub-blocks: 32 bytes of third bits (bit k of byte l), 64 bytes of bit pairs, 12 bytes of 6-bit
// scales, f16 d. y = d · (scale − 32) · (q − 4). Pieces::scales holds the signed scale − 32.
#include "kernels/formats/block.h"

namespace deskhand {
namespace {

void split(const std::byte* b, Pieces& p) {
  p.halves[0] = load_u16(b + 108);
  split_bit_pairs_256(b + 32, p.codes.data());
  for (int i = 0; i < 256; ++i) {
    p.codes[i] = static_cast<uint8_t>(p.codes[i] | ((byte_at(b, i % 32) >> (i / 32)) & 1) << 2);
  }
  const std::byte* s = b + 96;
  for (int k = 0; k < 16; ++k) {
    const int low = k < 8 ? byte_at(s, k) & 15 : byte_at(s, k - 8) >> 4;
    const int high = (byte_at(s, 8 + k % 4) >> (2 * (k / 4))) & 3;
    p.scales[k] = static_cast<uint8_t>((low | high << 4) - 32);
  }
}

void values(const Pieces& p, float* y) {
  for (int i = 0; i < 256; ++i) {
    const float scale = half(p, 0) * static_cast<float>(static_cast<int8_t>(p.scales[i / 16]));
    y[i] = scale * static_cast<float>(p.codes[i] - 4);
  }
}

constexpr Coding coding{3, 1, 16, split, values};

}  // namespace

extern const Format format_q3_k{DType::q3_k, row_to_float<DType::q3_k, split, values>, nullptr, &coding};

}  // namespace deskhand
