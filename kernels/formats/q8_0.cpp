// 32 values: f16 d, 32 signed bytes q. y = q · d.
#include <algorithm>
#include <cmath>

#include "kernels/formats/block.h"
#include "kernels/formats/format.h"
#include "kernels/half.h"

namespace deskhand {
namespace {

void to_float(const std::byte* row, float* values, int64_t count) {
  for_blocks<32, 34>(row, values, count, [](const std::byte* b, float* y) {
    const float d = f16_to_f32(load_u16(b));
    for (int i = 0; i < 32; ++i) y[i] = static_cast<float>(std::to_integer<int8_t>(b[2 + i])) * d;
  });
}

void from_float(const float* values, std::byte* row, int64_t count) {
  for (int64_t block = 0; block < count / 32; ++block, values += 32, row += 34) {
    float largest = 0;
    for (int i = 0; i < 32; ++i) largest = std::max(largest, std::abs(values[i]));
    const float d = largest / 127.0f;
    const float inverse = d != 0 ? 1.0f / d : 0.0f;
    store_u16(row, f32_to_f16(d));
    for (int i = 0; i < 32; ++i) row[2 + i] = static_cast<std::byte>(std::lround(values[i] * inverse));
  }
}

}  // namespace

extern const Format format_q8_0{DType::q8_0, to_float, from_float};

}  // namespace deskhand
