// 256 values in 8 sub-blocks: as Q4_K, with 32 bytes of fifth bits (bit k of byte l) before the nibbles.
// y = (d · scale) · q − (dmin · min).
#include "kernels/formats/block.h"
#include "kernels/formats/format.h"
#include "kernels/half.h"

namespace deskhand {
namespace {

void to_float(const std::byte* row, float* values, int64_t count) {
  for_blocks<256, 176>(row, values, count, [](const std::byte* b, float* y) {
    const float d = f16_to_f32(load_u16(b));
    const float dmin = f16_to_f32(load_u16(b + 2));
    for (int k = 0; k < 8; ++k) {
      const ScaleAndMin s = scale_and_min(b + 4, k);
      const float scale = d * static_cast<float>(s.scale);
      const float minimum = dmin * static_cast<float>(s.min);
      const std::byte* q = b + 48 + 32 * (k / 2);
      for (int l = 0; l < 32; ++l) {
        const int high = (std::to_integer<int>(b[16 + l]) >> k) & 1;
        const int code = (std::to_integer<int>(q[l] >> (4 * (k & 1))) & 15) | high << 4;
        y[32 * k + l] = scale * static_cast<float>(code) - minimum;
      }
    }
  });
}

}  // namespace

extern const Format format_q5_k{DType::q5_k, to_float, nullptr};

}  // namespace deskhand
