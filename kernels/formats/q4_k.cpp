// 256 values in 8 sub-blocks: f16 d, f16 dmin, 12 bytes of 6-bit scales and minima, 128 bytes of nibbles q.
// y = (d · scale) · q − (dmin · min). Sub-blocks 2c and 2c + 1 are the low and high nibbles of the same 32 bytes.
#include "kernels/formats/block.h"
#include "kernels/formats/format.h"
#include "kernels/half.h"

namespace deskhand {
namespace {

void to_float(const std::byte* row, float* values, int64_t count) {
  for_blocks<256, 144>(row, values, count, [](const std::byte* b, float* y) {
    const float d = f16_to_f32(load_u16(b));
    const float dmin = f16_to_f32(load_u16(b + 2));
    for (int k = 0; k < 8; ++k) {
      const ScaleAndMin s = scale_and_min(b + 4, k);
      const float scale = d * static_cast<float>(s.scale);
      const float minimum = dmin * static_cast<float>(s.min);
      const std::byte* q = b + 16 + 32 * (k / 2);
      for (int l = 0; l < 32; ++l) {
        const int code = std::to_integer<int>(q[l] >> (4 * (k & 1))) & 15;
        y[32 * k + l] = scale * static_cast<float>(code) - minimum;
      }
    }
  });
}

}  // namespace

extern const Format format_q4_k{DType::q4_k, to_float, nullptr};

}  // namespace deskhand
