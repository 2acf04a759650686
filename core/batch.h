#pragma once
// The rows of one forward pass.
//
//   Batch batch(plan, 512);
//   batch.clear();
//   batch.add(sequence, {.id = id, .position = position, .wants_logits = true});
//   decoder.forward(batch, logits);                 // logits: [batch.logit_rows().size(), vocabulary]
//
// Rows may belong to several sequences, those of one sequence in order of their positions. Nothing allocates after
// construction, unless there are pictures among the rows.

#include <cstdint>
#include <span>
#include <stop_token>
#include <utility>
#include <vector>

#include "core/kv/sequence.h"
#include "core/prompt_images.h"

namespace deskhand {

class Batch {
 public:
  struct Row {
    int32_t id = 0;        ///< of the vocabulary; negative: the picture that stands there
    int64_t position = 0;  ///< in its sequence
    bool wants_logits = false;
    const PromptImages* images = nullptr;  ///< of the sequence; null: none
  };
  /// Side by side in the batch, and rows of one picture.
  struct ImageRun {
    int64_t first = 0, rows = 0;  ///< of the batch
    std::shared_ptr<const ImageFeatures> features{};
    int64_t first_feature = 0;
  };

  /// Rows of sequences with pictures that layers attend to.
  struct Seeing {
    std::vector<int32_t> rows;       ///< their numbers, ascending
    std::vector<AttentionRow> keys;  ///< that each sees, in pages that are tiles
    std::vector<bool> is_behind;     ///< a picture; else the row stands before the first
  };

  Batch(const KvPlan& plan, int64_t max_rows);

  void clear();
  /// A forward pass of these rows ends early when this is requested.
  void set_stop(std::stop_token stop) { stop_ = std::move(stop); }
  bool stop_requested() const { return stop_.stop_requested(); }
  /// The sequence must have a page for the position, and for all of a picture whose rows see all of it. The pictures
  /// must be encoded.
  void add(const KvSequence& sequence, const Row& row);

  int64_t rows() const { return static_cast<int64_t>(ids_.size()); }
  int64_t max_rows() const { return max_rows_; }
  /// Of the vocabulary; 0 for rows of pictures.
  std::span<const int32_t> ids() const { return ids_; }
  /// By what the rows turn.
  std::span<const int32_t> positions() const { return positions_; }
  /// Likewise by PromptImages::axes axes, row after row; empty when all axes agree in all rows.
  std::span<const int32_t> grid_positions() const {
    return turns_apart_ ? grid_positions_ : std::span<const int32_t>();
  }
  std::span<const ImageRun> images() const { return images_; }
  /// Numbers of the rows that want logits, ascending.
  std::span<const int32_t> logit_rows() const { return logit_rows_; }
  /// Where the keys and values of each row go in the layers of a group.
  std::span<const AttentionRow> slots(size_t group) const { return slots_[group]; }
  /// What each row sees in the layers of a group.
  std::span<const AttentionRow> attention(size_t group) const { return sees_ahead_ ? sees_[group] : slots_[group]; }
  const Seeing& seeing() const { return seeing_; }
  /// The rows by sequence, cut where states are saved, for layers with a recurrent state; empty when there are none.
  std::span<const RecurrentRun> runs() const { return runs_; }

 private:
  void add_image(const Row& row, const ImageSpan& span);
  void add_sight(const VisualMemory& memory, int64_t position);
  void add_positions(const Row& row);

  int64_t max_rows_;
  std::stop_token stop_;
  std::vector<int32_t> ids_, positions_, grid_positions_, logit_rows_;
  std::vector<ImageRun> images_;
  std::vector<std::vector<AttentionRow>> slots_, sees_;  // [group][row]
  std::vector<bool> has_window_;                         // [group]
  Seeing seeing_;
  bool turns_apart_ = false, sees_ahead_ = false;
  std::vector<RecurrentRun> runs_;
};

}  // namespace deskhand
