#pragma once
// The definition of the ops with a state, in double precision inside a run.
//
//   ref::delta_rule(out, rows, shape, runs);     // as Backend::delta_rule
//
// State: conv [kernel − 1, channels], oldest row first; delta [value_heads, key_dim, value_dim].

#include <span>

#include "kernels/backend.h"

namespace deskhand::ref {

size_t conv_state_bytes(int64_t channels, int64_t kernel);
size_t delta_state_bytes(const DeltaShape& shape);
void causal_conv(View y, ConstView u, const ConvShape& shape, std::span<const RecurrentRun> runs);
void delta_rule(View out, const DeltaRows& x, const DeltaShape& shape, std::span<const RecurrentRun> runs);

}  // namespace deskhand::ref
