#pragma once
// Rotary position embedding on the CPU.
//
//   rope_rows(x, head_dim, table, positions, first, count);

#include <span>

#include "kernels/backend.h"

namespace deskhand::cpu {

/// Turns rows [first, first + count) of x as Backend::rope does.
void rope_rows(View x, int64_t head_dim, const RopeTable& table, std::span<const int32_t> positions, int64_t first,
               int64_t count);

}  // namespace deskhand::cpu
