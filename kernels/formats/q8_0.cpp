// 32 values: f16 d, 32 signed bytes q. y = q · d.
#include <algorithm>
#include <cmath>

#include "kernels/formats/block.h"

namespace deskhand {
namespace {

void split(const std::byte* b, Pieces& p) {
  p.halves[0] = load_u16(b);
  std::memcpy(p.codes.data(), b + 2, 32);
}

void values(const Pieces& p, float* y) {
  const float d = half(p, 0);
  for (int i = 0; i < 32; ++i) y[i] = static_cast<float>(static_cast<int8_t>(p.codes[i])) * d;
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

constexpr Coding coding{8, 1, 0, split, values};

}  // namespace

extern const Format format_q8_0{DType::q8_0, row_to_float<DType::q8_0, split, values>, from_float, &coding};

}  // namespace deskhand
