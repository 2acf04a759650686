// 32 values: f16 d, 32 fifth bits, 16 bytes of nibbles q. y = (q − 16) · d.
#include <algorithm>
#include <cmath>

#include "kernels/formats/block.h"

namespace deskhand {
namespace {

void split(const std::byte* b, Pieces& p) {
  p.halves[0] = load_u16(b);
  split_nibbles(b + 6, p.codes.data());
  add_high_bits(load_u32(b + 2), p.codes.data());
}

void values(const Pieces& p, float* y) {
  const float d = half(p, 0);
  for (int i = 0; i < 32; ++i) y[i] = static_cast<float>(p.codes[i] - 16) * d;
}

void from_float(const float* values, std::byte* row, int64_t count) {
  for (int64_t block = 0; block < count / 32; ++block, values += 32, row += 22) {
    const float extreme =
        *std::max_element(values, values + 32, [](float a, float b) { return std::abs(a) < std::abs(b); });
    const float d = extreme / -16.0f;  // the extreme becomes the code 0
    const float inverse = d != 0 ? 1.0f / d : 0.0f;
    uint8_t codes[32];
    for (int i = 0; i < 32; ++i) {
      codes[i] = static_cast<uint8_t>(std::clamp(static_cast<int>(values[i] * inverse + 16.5f), 0, 31));
    }
    const uint32_t high = fifth_bits(codes);
    store_u16(row, f32_to_f16(d));
    std::memcpy(row + 2, &high, sizeof high);
    join_nibbles(codes, row + 6);
  }
}

constexpr Coding coding{5, 1, 0, split, values};

}  // namespace

extern const Format format_q5_0{DType::q5_0, row_to_float<DType::q5_0, split, values>, from_float, &coding};

}  // namespace deskhand
