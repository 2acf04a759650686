#include "core/token_state.h"

#include <algorithm>

#include "kernels/check.h"

namespace deskhand {

TokenState::TokenState(LanguageModel& model, Backend& backend, int64_t chunk)
    : model_(model),
      chunk_(std::clamp<int64_t>(chunk, 1, model.max_rows())),
      sequence_(model.pages(), model.context()),
      batch_(model.decoder().plan(), chunk_),
      logits_(backend.allocate(static_cast<size_t>(model.config().vocabulary) * sizeof(float))) {}

int64_t TokenState::set(std::span<const int32_t> ids, std::stop_token stop) {
  const size_t held = std::min(static_cast<size_t>(fed()), ids.size());
  const auto differ = std::mismatch(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(held), ids_.begin()).first;
  auto common = static_cast<int64_t>(differ - ids.begin());
  const auto size = static_cast<int64_t>(ids.size());
  // The last id is fed again unless the logits after it are still held.
  if (common == size && logits_after_ != size) common = std::max<int64_t>(0, size - 1);
  rewind(common);
  common = fed();
  ids_.resize(static_cast<size_t>(common));
  reserve(size);
  for (int32_t id : ids.subspan(static_cast<size_t>(common))) push(id);
  while (fed() < size && feed(std::min(size, fed() + chunk_), stop)) {
  }
  if (fed() < size) rewind(fed());
  return common;
}

void TokenState::reserve(int64_t tokens) {
  sequence_.reserve(tokens);
  ids_.reserve(static_cast<size_t>(tokens));
}

void TokenState::push(int32_t id) {
  CHECK(id >= 0 && id < model_.config().vocabulary, "id {}", id);
  CHECK(static_cast<int64_t>(ids_.size()) < capacity(), "{} tokens", capacity());
  ids_.push_back(id);
}

void TokenState::rewind(int64_t size) {
  CHECK(size >= 0 && size <= static_cast<int64_t>(ids_.size()), "{} of {}", size, ids_.size());
  ids_.resize(static_cast<size_t>(size));
  if (sequence_.size() > size) sequence_.rewind(size);
  if (logits_after_ > size) logits_after_ = -1;
}

std::span<const float> TokenState::logits() {
  const auto size = static_cast<int64_t>(ids_.size());
  CHECK(size > 0, "no ids");
  if (logits_after_ != size) {
    if (fed() == size) sequence_.rewind(size - 1);  // the last one again: no logits are held
    sequence_.reserve(size);
    while (fed() < size) feed(std::min(size, fed() + chunk_));
  }
  return {reinterpret_cast<const float*>(logits_->data()), static_cast<size_t>(model_.config().vocabulary)};
}

bool TokenState::feed(int64_t end, const std::stop_token& stop) {
  const auto last = static_cast<int64_t>(ids_.size()) - 1;
  batch_.clear();
  batch_.set_stop(stop);
  for (int64_t i = fed(); i < end; ++i) batch_.add(sequence_, ids_[static_cast<size_t>(i)], i, i == last);
  const bool wants_logits = !batch_.logit_rows().empty();
  const View out{logits_->data(), DType::f32, 1, model_.config().vocabulary};
  if (!model_.decoder().forward(batch_, out)) return false;
  sequence_.advance(batch_.rows());
  ++passes_;
  if (wants_logits) logits_after_ = end;
  return true;
}

}  // namespace deskhand
