// 256 values in 8 sub-blocks: f16 d, u16 high scale bits, 4 bytes of low scale nibbles, 128 bytes of nibbles.
// y = d · (scale − 32) · level[q].
#include "kernels/formats/block.h"
#include "kernels/formats/format.h"
#include "kernels/half.h"

namespace deskhand {
namespace {

void to_float(const std::byte* row, float* values, int64_t count) {
  for_blocks<256, 136>(row, values, count, [](const std::byte* b, float* y) {
    const float d = f16_to_f32(load_u16(b));
    const int high = load_u16(b + 2);
    for (int s = 0; s < 8; ++s) {
      const int low = (std::to_integer<int>(b[4 + s / 2]) >> (4 * (s % 2))) & 15;
      const float scale = d * static_cast<float>((low | ((high >> (2 * s)) & 3) << 4) - 32);
      for (int l = 0; l < 32; ++l) y[32 * s + l] = scale * static_cast<float>(iq4_levels[nibble(b + 8 + 16 * s, l)]);
    }
  });
}

}  // namespace

extern const Format format_iq4_xs{DType::iq4_xs, to_float, nullptr};

}  // namespace deskhand
