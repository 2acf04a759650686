#pragma once
// The rows of one forward pass.
//
//   Batch batch(plan, 512);
//   batch.clear();
//   batch.add(sequence, id, position, true);        // positions of a sequence in order; the last row wants logits
//   decoder.forward(batch, logits);                 // logits: [batch.logit_rows().size(), vocabulary]
//
// Rows may belong to several sequences, those of one sequence in order. Nothing allocates after construction.

#include <cstdint>
#include <span>
#include <stop_token>
#include <utility>
#include <vector>

#include "core/kv/sequence.h"

namespace deskhand {

class Batch {
 public:
  Batch(const KvPlan& plan, int64_t max_rows);

  void clear();
  /// A forward pass of these rows ends early when this is requested.
  void set_stop(std::stop_token stop) { stop_ = std::move(stop); }
  bool stop_requested() const { return stop_.stop_requested(); }
  /// The sequence must have a page for the position.
  void add(const KvSequence& sequence, int32_t id, int64_t position, bool wants_logits);

  int64_t rows() const { return static_cast<int64_t>(ids_.size()); }
  int64_t max_rows() const { return max_rows_; }
  std::span<const int32_t> ids() const { return ids_; }
  std::span<const int32_t> positions() const { return positions_; }
  /// Numbers of the rows that want logits, ascending.
  std::span<const int32_t> logit_rows() const { return logit_rows_; }
  /// What each row sees in the layers of a group, and where its own keys and values go.
  std::span<const AttentionRow> attention(size_t group) const { return attention_[group]; }
  /// The rows by sequence, cut where states are saved, for layers with a recurrent state; empty when there are none.
  std::span<const RecurrentRun> runs() const { return runs_; }

 private:
  int64_t max_rows_;
  std::stop_token stop_;
  std::vector<int32_t> ids_, positions_, logit_rows_;
  std::vector<std::vector<AttentionRow>> attention_;  // [group][row]
  std::vector<RecurrentRun> runs_;
};

}  // namespace deskhand
