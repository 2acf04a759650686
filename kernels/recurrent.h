#pragma once
// Shapes of the ops that carry a state of fixed size from row to row: causal convolution and the gated delta rule.
//
//   RecurrentRun run{.first = 0, .rows = 40, .state = sequence_state, .saved = nullptr};
//   backend.causal_conv(u, u, {.w = conv_weight, .kernel = 4, .state_offset = 0}, {&run, 1});
//
// A sequence's state is one blob of host-addressable bytes, aligned to 64, that holds the parts of many ops, each at
// its shape's state_offset (a multiple of 64). Zeros are the state before the first row. The inner layout is the
// backend's.

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/view.h"

namespace deskhand {

/// Consecutive rows of one sequence. Runs that share a state (a sequence cut where a copy is wanted) are applied in the
/// order of the list, whatever lies between them. Rows of no run are left alone.
struct RecurrentRun {
  int64_t first = 0;
  int64_t rows = 0;
  std::byte* state = nullptr;  ///< read, then replaced by the state after the run
  std::byte* saved =
      nullptr;  ///< a blob like `state` whose part of this op becomes a copy of it after the run; or null
};

inline constexpr int64_t max_conv_kernel = 8;

/// The next multiple of 64: what the backends give as sizes of parts.
constexpr size_t whole_lines(size_t bytes) {
  return (bytes + 63) / 64 * 64;
}

/// Depthwise over time. Rows before a run come from its state: the last kernel − 1 rows of u.
struct ConvShape {
  std::span<const float> w;  ///< [channels, kernel]; the last tap is the row itself
  int64_t kernel = 0;
  size_t state_offset = 0;
};

/// State: one S [key_dim, value_dim] per value head.
struct DeltaShape {
  int64_t key_heads = 0;
  int64_t value_heads = 0;  ///< a multiple of key_heads
  int64_t key_dim = 0;
  int64_t value_dim = 0;
  bool tiled = false;            ///< value head h uses key head h % key_heads, else h / (value_heads / key_heads)
  std::span<const float> decay;  ///< [value_heads], not positive: −exp(A_log)
  std::span<const float> bias;   ///< [value_heads], added to a
  size_t state_offset = 0;
};

/// Any of them may be a column slice of a wider matrix. q and k come normalised and scaled.
struct DeltaRows {
  ConstView q;  ///< [rows, key_heads · key_dim]
  ConstView k;  ///< [rows, key_heads · key_dim]
  ConstView v;  ///< [rows, value_heads · value_dim]
  ConstView a;  ///< [rows, value_heads]
  ConstView b;  ///< [rows, value_heads]
};

}  // namespace deskhand
