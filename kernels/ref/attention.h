#pragma once
// The definition of attention.
//
//   ref::attention_paged(out, q, shape, rows);     // as Backend::attention_paged

#include <span>

#include "kernels/backend.h"

namespace deskhand::ref {

void kv_write(const AttentionShape& shape, std::span<const AttentionRow> slots, ConstView k, ConstView v);
void attention_paged(View out, ConstView q, const AttentionShape& shape, std::span<const AttentionRow> rows);
void attention_dense(View out, ConstView q, ConstView k, ConstView v, const DenseAttentionShape& shape,
                     std::span<const DenseSegment> segments);

}  // namespace deskhand::ref
