#pragma once
// The definition of choosing experts and adding up what they say.
//
//   ref::top_k(ids, weights, logits, 8, true);     // as Backend::top_k

#include <span>

#include "kernels/backend.h"

namespace deskhand::ref {

void top_k(std::span<int32_t> ids, std::span<float> weights, ConstView logits, int64_t k, bool renormalise);
void scatter_add(View y, ConstView x, std::span<const int32_t> rows, std::span<const float> weights);

}  // namespace deskhand::ref
