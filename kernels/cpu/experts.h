#pragma once
// Choosing experts and adding up what they say.
//
//   choose(ids, weights, logits_row, true);     scatter_columns(y, x, rows, weights, 0, y.cols);

#include <span>

#include "kernels/backend.h"

namespace deskhand::cpu {

/// One row of Backend::top_k; ids and weights are as long as k.
void choose(std::span<int32_t> ids, std::span<float> weights, std::span<const float> logits, bool renormalise);

/// Backend::scatter_add for columns [first, first + count).
void scatter_columns(View y, ConstView x, std::span<const int32_t> rows, std::span<const float> weights, int64_t first,
                     int64_t count);

}  // namespace deskhand::cpu
