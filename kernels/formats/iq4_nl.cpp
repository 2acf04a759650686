// 32 values: f16 d, 16 bytes of nibbles that index a table of 16 levels. y = d · level[q].
#include "kernels/formats/block.h"

namespace deskhand {
namespace {

void split(const std::byte* b, Pieces& p) {
  p.halves[0] = load_u16(b);
  split_nibbles(b + 2, p.codes.data());
}

void values(const Pieces& p, float* y) {
  const float d = half(p, 0);
  for (int i = 0; i < 32; ++i) y[i] = d * static_cast<float>(iq4_levels[p.codes[i]]);
}

constexpr Coding coding{4, 1, 0, split, values};

}  // namespace

extern const Format format_iq4_nl{DType::iq4_nl, row_to_float<DType::iq4_nl, split, values>, nullptr, &coding};

}  // namespace deskhand
