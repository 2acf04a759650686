// 32 values: f16 d, 32 fifth bits, 16 bytes of nibbles q. y = (q − 16) · d.
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

constexpr Coding coding{5, 1, 0, split, values};

}  // namespace

extern const Format format_q5_0{DType::q5_0, row_to_float<DType::q5_0, split, values>, nullptr, &coding};

}  // namespace deskhand
