#include "kernels/cpu/experts.h"

#include <cmath>

namespace deskhand::cpu {

void choose(std::span<int32_t> ids, std::span<float> weights, std::span<const float> logits, bool renormalise) {
  size_t held = 0;
  for (size_t i = 0; i < logits.size(); ++i) {  // a sorted list: a later equal one stays behind
    if (held == ids.size() && !(logits[i] > weights[held - 1])) continue;
    size_t at = held < ids.size() ? held++ : held - 1;
    for (; at > 0 && logits[i] > weights[at - 1]; --at) {
      ids[at] = ids[at - 1];
      weights[at] = weights[at - 1];
    }
    ids[at] = static_cast<int32_t>(i);
    weights[at] = logits[i];
  }
  const float largest = weights[0];
  float sum = 0;
  if (!renormalise) {
    for (const float x : logits) sum += std::exp(x - largest);
  }
  for (float& w : weights) {
    w = std::exp(w - largest);
    if (renormalise) sum += w;
  }
  for (float& w : weights) w /= sum;
}

void scatter_columns(View y, ConstView x, std::span<const int32_t> rows, std::span<const float> weights, int64_t first,
                     int64_t count) {
  for (int64_t r = 0; r < x.rows; ++r) {
    float* to = y.row(rows[r]) + first;
    const float* from = x.row(r) + first;
    const float weight = weights[r];
    for (int64_t i = 0; i < count; ++i) to[i] += weight * from[i];
  }
}

}  // namespace deskhand::cpu
