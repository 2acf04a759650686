#include "core/batch.h"

#include "kernels/check.h"

namespace deskhand {

Batch::Batch(const KvPlan& plan, int64_t max_rows)
    : max_rows_(max_rows), slots_(plan.groups().size()), sees_(plan.groups().size()) {
  const auto rows = static_cast<size_t>(max_rows);
  ids_.reserve(rows);
  positions_.reserve(rows);
  grid_positions_.reserve(rows * PromptImages::axes);
  logit_rows_.reserve(rows);
  for (auto* groups : {&slots_, &sees_}) {
    for (auto& group : *groups) group.reserve(rows);
  }
  for (const KvPlan::Group& group : plan.groups()) has_window_.push_back(group.window > 0);
  if (plan.state_bytes() > 0) runs_.reserve(rows);
  if (plan.tiles() == 0) return;
  seeing_.rows.reserve(rows);
  seeing_.keys.reserve(rows);
  seeing_.is_behind.reserve(rows);
}

void Batch::clear() {
  ids_.clear();
  positions_.clear();
  grid_positions_.clear();
  logit_rows_.clear();
  images_.clear();
  for (auto* groups : {&slots_, &sees_}) {
    for (auto& group : *groups) group.clear();
  }
  turns_apart_ = sees_ahead_ = false;
  runs_.clear();
  seeing_.rows.clear();
  seeing_.keys.clear();
  seeing_.is_behind.clear();
}

void Batch::add(const KvSequence& sequence, const Row& row) {
  CHECK(rows() < max_rows_, "{} rows", max_rows_);
  if (row.wants_logits) logit_rows_.push_back(static_cast<int32_t>(rows()));
  if (std::byte* state = sequence.state(); state != nullptr) {
    if (runs_.empty() || runs_.back().state != state || runs_.back().saved != nullptr) {
      runs_.push_back({.first = rows(), .state = state});
    }
    ++runs_.back().rows;
    runs_.back().saved = sequence.saved_after(row.position + 1);
  }
  int64_t end = row.position + 1;
  int32_t id = row.id;
  bool only_windows = false;
  if (row.id < 0) {
    const ImageSpan* span = row.images != nullptr ? row.images->at(row.position) : nullptr;
    CHECK(span != nullptr && span->id(row.position) == row.id, "id {} at {}", row.id, row.position);
    id = std::max(span->token, 0);
    if (!span->is_attended()) add_image(row, *span);
    if (span->sees != RowSees::past) end = span->end();
    only_windows = span->sees == RowSees::picture_in_windows;
  }
  if (!sequence.visual().empty()) add_sight(sequence.visual(), row.position);
  add_positions(row);
  ids_.push_back(id);
  sees_ahead_ = sees_ahead_ || end > row.position + 1;
  for (size_t group = 0; group < slots_.size(); ++group) {
    const AttentionRow slot = sequence.row(group, row.position);
    slots_[group].push_back(slot);
    const bool ahead = !only_windows || has_window_[group];
    sees_[group].push_back({.pages = slot.pages, .begin = slot.begin, .end = ahead ? end : slot.end});
  }
}

void Batch::add_sight(const VisualMemory& memory, int64_t position) {
  seeing_.rows.push_back(static_cast<int32_t>(rows()));
  seeing_.keys.push_back(memory.row(position));
  seeing_.is_behind.push_back(memory.sees(position));
}

void Batch::add_image(const Row& row, const ImageSpan& span) {
  std::shared_ptr<const ImageFeatures> features = span.image->features({});
  CHECK(features != nullptr, "id {}", row.id);
  const int64_t feature = span.first + row.position - span.begin;
  if (!images_.empty()) {
    ImageRun& last = images_.back();
    if (last.features == features && last.first + last.rows == rows() && last.first_feature + last.rows == feature) {
      ++last.rows;
      return;
    }
  }
  images_.push_back({.first = rows(), .rows = 1, .features = std::move(features), .first_feature = feature});
}

void Batch::add_positions(const Row& row) {
  const std::array<int32_t, PromptImages::axes> position =
      row.images != nullptr ? row.images->position(row.position) : PromptImages().position(row.position);
  positions_.push_back(position[0]);
  grid_positions_.insert(grid_positions_.end(), position.begin(), position.end());
  for (const int32_t axis : position) turns_apart_ = turns_apart_ || axis != position[0];
}

}  // namespace deskhand
