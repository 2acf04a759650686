// 32 values: f16 d, f16 m, 16 bytes of nibbles q. y = q · d + m.
#include "kernels/formats/block.h"
#include "kernels/formats/format.h"
#include "kernels/half.h"

namespace deskhand {
namespace {

void to_float(const std::byte* row, float* values, int64_t count) {
  for_blocks<32, 20>(row, values, count, [](const std::byte* b, float* y) {
    const float d = f16_to_f32(load_u16(b));
    const float m = f16_to_f32(load_u16(b + 2));
    for (int i = 0; i < 32; ++i) y[i] = static_cast<float>(nibble(b + 4, i)) * d + m;
  });
}

}  // namespace

extern const Format format_q4_1{DType::q4_1, to_float, nullptr};

}  // namespace deskhand
