// 32 values: f16 d, 32 fifth bits, 16 bytes of nibbles q. y = (q − 16) · d.
#include "kernels/formats/block.h"
#include "kernels/formats/format.h"
#include "kernels/half.h"

namespace deskhand {
namespace {

void to_float(const std::byte* row, float* values, int64_t count) {
  for_blocks<32, 22>(row, values, count, [](const std::byte* b, float* y) {
    const float d = f16_to_f32(load_u16(b));
    const uint32_t high = load_u32(b + 2);
    for (int i = 0; i < 32; ++i) {
      const int q = nibble(b + 6, i) | static_cast<int>((high >> i) & 1u) << 4;
      y[i] = static_cast<float>(q - 16) * d;
    }
  });
}

}  // namespace

extern const Format format_q5_0{DType::q5_0, to_float, nullptr};

}  // namespace deskhand
