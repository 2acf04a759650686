// 256 values: 128 bytes of low nibbles, 64 bytes of high bit pairs, 16 signed scales (one per 16 values), f16 d.
// y = d · scale · (q − 32).
#include "kernels/formats/block.h"
#include "kernels/formats/format.h"
#include "kernels/half.h"

namespace deskhand {
namespace {

void to_float(const std::byte* row, float* values, int64_t count) {
  for_blocks<256, 210>(row, values, count, [](const std::byte* b, float* y) {
    const float d = f16_to_f32(load_u16(b + 208));
    for (int i = 0; i < 256; ++i) {
      const int n = i / 128, j = (i % 128) / 32, l = i % 32;
      const int v = std::to_integer<int>(b[64 * n + l + 32 * (j & 1)]);
      const int low = j < 2 ? v & 15 : v >> 4;
      const int high = (std::to_integer<int>(b[128 + 32 * n + l]) >> (2 * j)) & 3;
      const float scale = d * static_cast<float>(std::to_integer<int8_t>(b[192 + i / 16]));
      y[i] = scale * static_cast<float>((low | high << 4) - 32);
    }
  });
}

}  // namespace

extern const Format format_q6_k{DType::q6_k, to_float, nullptr};

}  // namespace deskhand
