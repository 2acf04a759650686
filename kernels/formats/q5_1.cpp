// 32 values: f16 d, f16 m, 32 fifth bits, 16 bytes of nibbles q. y = q · d + m.
#include <algorithm>

#include "kernels/formats/block.h"

namespace deskhand {
namespace {

void split(const std::byte* b, Pieces& p) {
  p.halves = {load_u16(b), load_u16(b + 2)};
  split_nibbles(b + 8, p.codes.data());
  add_high_bits(load_u32(b + 4), p.codes.data());
}

void values(const Pieces& p, float* y) {
  const float d = half(p, 0), m = half(p, 1);
  for (int i = 0; i < 32; ++i) y[i] = static_cast<float>(p.codes[i]) * d + m;
}

void from_float(const float* values, std::byte* row, int64_t count) {
  for (int64_t block = 0; block < count / 32; ++block, values += 32, row += 24) {
    const auto [least, most] = std::minmax_element(values, values + 32);
    const float d = (*most - *least) / 31.0f;
    const float inverse = d != 0 ? 1.0f / d : 0.0f;
    uint8_t codes[32];
    for (int i = 0; i < 32; ++i) {
      codes[i] = static_cast<uint8_t>(std::clamp(static_cast<int>((values[i] - *least) * inverse + 0.5f), 0, 31));
    }
    const uint32_t high = fifth_bits(codes);
    store_u16(row, f32_to_f16(d));
    store_u16(row + 2, f32_to_f16(*least));
    std::memcpy(row + 4, &high, sizeof high);
    join_nibbles(codes, row + 8);
  }
}

constexpr Coding coding{5, 2, 0, split, values};

}  // namespace

extern const Format format_q5_1{DType::q5_1, row_to_float<DType::q5_1, split, values>, from_float, &coding};

}  // namespace deskhand
