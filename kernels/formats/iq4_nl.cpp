// 32 values: f16 d, 16 bytes of nibbles that index a table of 16 levels. y = d · level[q].
#include "kernels/formats/block.h"
#include "kernels/formats/format.h"
#include "kernels/half.h"

namespace deskhand {
namespace {

void to_float(const std::byte* row, float* values, int64_t count) {
  for_blocks<32, 18>(row, values, count, [](const std::byte* b, float* y) {
    const float d = f16_to_f32(load_u16(b));
    for (int i = 0; i < 32; ++i) y[i] = d * static_cast<float>(iq4_levels[nibble(b + 2, i)]);
  });
}

}  // namespace

extern const Format format_iq4_nl{DType::iq4_nl, to_float, nullptr};

}  // namespace deskhand
