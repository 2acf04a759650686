// 32 values: f16 d, 16 bytes of nibbles q. y = (q − 8) · d.
#include <algorithm>
#include <cmath>

#include "kernels/formats/block.h"

namespace deskhand {
namespace {

void split(const std::byte* b, Pieces& p) {
  p.halves[0] = load_u16(b);
  split_nibbles(b + 2, p.codes.data());
}

void values(const Pieces& p, float* y) {
  const float d = half(p, 0);
  for (int i = 0; i < 32; ++i) y[i] = static_cast<float>(p.codes[i] - 8) * d;
}

void from_float(const float* values, std::byte* row, int64_t count) {
  for (int64_t block = 0; block < count / 32; ++block, values += 32, row += 18) {
    const float extreme =
        *std::max_element(values, values + 32, [](float a, float b) { return std::abs(a) < std::abs(b); });
    const float d = extreme / -8.0f;  // the extreme becomes the code 0
    const float inverse = d != 0 ? 1.0f / d : 0.0f;
    store_u16(row, f32_to_f16(d));
    const auto code = [&](int i) { return std::clamp(static_cast<int>(values[i] * inverse + 8.5f), 0, 15); };
    for (int i = 0; i < 16; ++i) row[2 + i] = static_cast<std::byte>(code(i) | (code(i + 16) << 4));
  }
}

constexpr Coding coding{4, 1, 0, split, values};

}  // namespace

extern const Format format_q4_0{DType::q4_0, row_to_float<DType::q4_0, split, values>, from_float, &coding};

}  // namespace deskhand
