// 256 values: 128 bytes of low nibbles, 64 bytes of high bit pairs, 16 signed scales (one per 16 values), f16 d.
// y = d · scale · (q − 32).
#include "kernels/formats/block.h"

namespace deskhand {
namespace {

void split(const std::byte* b, Pieces& p) {
  p.halves[0] = load_u16(b + 208);
  std::memcpy(p.scales.data(), b + 192, 16);
  for (int i = 0; i < 256; ++i) {
    const int n = i / 128, j = (i % 128) / 32, l = i % 32;
    const int v = byte_at(b, 64 * n + l + 32 * (j & 1));
    const int high = (byte_at(b, 128 + 32 * n + l) >> (2 * j)) & 3;
    p.codes[i] = static_cast<uint8_t>((j < 2 ? v & 15 : v >> 4) | high << 4);
  }
}

void values(const Pieces& p, float* y) {
  for (int i = 0; i < 256; ++i) {
    const float scale = half(p, 0) * static_cast<float>(static_cast<int8_t>(p.scales[i / 16]));
    y[i] = scale * static_cast<float>(p.codes[i] - 32);
  }
}

constexpr Coding coding{6, 1, 16, split, values};

}  // namespace

extern const Format format_q6_k{DType::q6_k, row_to_float<DType::q6_k, split, values>, nullptr, &coding};

}  // namespace deskhand
