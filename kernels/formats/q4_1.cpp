// 32 values: f16 d, f16 m, 16 bytes of nibbles q. y = q · d + m.
#include "kernels/formats/block.h"

namespace deskhand {
namespace {

void split(const std::byte* b, Pieces& p) {
  p.halves = {load_u16(b), load_u16(b + 2)};
  split_nibbles(b + 4, p.codes.data());
}

void values(const Pieces& p, float* y) {
  const float d = half(p, 0), m = half(p, 1);
  for (int i = 0; i < 32; ++i) y[i] = static_cast<float>(p.codes[i]) * d + m;
}

constexpr Coding coding{4, 2, 0, split, values};

}  // namespace

extern const Format format_q4_1{DType::q4_1, row_to_float<DType::q4_1, split, values>, nullptr, &coding};

}  // namespace deskhand
