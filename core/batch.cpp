#include "core/batch.h"

#include "kernels/check.h"

namespace deskhand {

Batch::Batch(const KvPlan& plan, int64_t max_rows) : max_rows_(max_rows), attention_(plan.groups().size()) {
  const auto rows = static_cast<size_t>(max_rows);
  ids_.reserve(rows);
  positions_.reserve(rows);
  logit_rows_.reserve(rows);
  for (auto& group : attention_) group.reserve(rows);
  if (plan.state_bytes() > 0) runs_.reserve(rows);
}

void Batch::clear() {
  ids_.clear();
  positions_.clear();
  logit_rows_.clear();
  for (auto& group : attention_) group.clear();
  runs_.clear();
}

void Batch::add(const KvSequence& sequence, int32_t id, int64_t position, bool wants_logits) {
  CHECK(rows() < max_rows_, "{} rows", max_rows_);
  if (wants_logits) logit_rows_.push_back(static_cast<int32_t>(rows()));
  if (std::byte* state = sequence.state(); state != nullptr) {
    if (runs_.empty() || runs_.back().state != state || runs_.back().saved != nullptr) {
      runs_.push_back({.first = rows(), .state = state});
    }
    ++runs_.back().rows;
    runs_.back().saved = sequence.saved_after(position + 1);
  }
  ids_.push_back(id);
  positions_.push_back(static_cast<int32_t>(position));
  for (size_t group = 0; group < attention_.size(); ++group) {
    attention_[group].push_back(sequence.row(group, position));
  }
}

}  // namespace deskhand
