#include "core/token_state.h"

#include <algorithm>

#include "kernels/check.h"

namespace deskhand {

TokenState::TokenState(ForwardQueue& queue)
    : queue_(queue),
      sequence_(queue.model().cache(), queue.model().context()),
      logits_(queue.backend().allocate(static_cast<size_t>(queue.model().config().vocabulary) * sizeof(float))) {}

int64_t TokenState::set(std::span<const int32_t> ids, std::span<const int64_t> marks, std::stop_token stop,
                        PromptImages images) {
  const auto size = static_cast<int64_t>(ids.size());
  CHECK(size <= capacity(), "{} of {}", size, capacity());
  for (const ImageSpan& span : images.spans()) {
    CHECK(span.end() <= size, "a picture up to {} of {} ids", span.end(), size);
    CHECK(span.sees == RowSees::past || span.rows <= queue_.rows(), "{} rows together", span.rows);
  }
  for (int64_t i = 0; i < size; ++i) {
    const int32_t id = ids[static_cast<size_t>(i)];
    const ImageSpan* span = id < 0 ? images.at(i) : nullptr;
    CHECK(id < 0 ? span != nullptr && span->id(i) == id : id < queue_.model().config().embeddings, "id {}", id);
  }
  int64_t known = size;
  if (logits_after_ != size || fed() != size || !std::equal(ids.begin(), ids.end(), ids_.begin())) {
    // The last id is fed in any case: its logits will be wanted.
    known = sequence_.adopt(ids.first(static_cast<size_t>(std::max<int64_t>(0, size - 1))), images);
    logits_after_ = -1;
  }
  ids_.assign(ids.begin(), ids.end());
  images_ = std::move(images);
  queue_.model().cache().count(size, known);
  const bool whole = fed() == size || feed(marks, stop);
  while (!whole && fed() < static_cast<int64_t>(ids_.size())) rewind(fed());
  sequence_.share();
  return known;
}

void TokenState::reserve(int64_t tokens) {
  sequence_.reserve(tokens);
  ids_.reserve(static_cast<size_t>(tokens));
}

void TokenState::push(int32_t id) {
  CHECK(id >= 0 && id < queue_.model().config().embeddings, "id {}", id);
  CHECK(static_cast<int64_t>(ids_.size()) < capacity(), "{} tokens", capacity());
  ids_.push_back(id);
}

void TokenState::rewind(int64_t size) {
  CHECK(size >= 0 && size <= static_cast<int64_t>(ids_.size()), "{} of {}", size, ids_.size());
  if (const ImageSpan* span = images_.at(size)) size = span->begin;
  ids_.resize(static_cast<size_t>(size));
  const size_t pictures = images_.spans().size();
  images_.cut(size);
  const bool sees_less = images_.spans().size() < pictures && !sequence_.visual().empty();
  if (fed() > size || sees_less) sequence_.adopt(ids_, images_);
  if (logits_after_ > size) logits_after_ = -1;
}

std::span<const float> TokenState::logits() {
  const auto size = static_cast<int64_t>(ids_.size());
  CHECK(size > 0, "no ids");
  if (logits_after_ != size) {
    if (fed() == size) sequence_.adopt(std::span(ids_).first(static_cast<size_t>(size - 1)), images_);
    feed({}, {});
  }
  return {reinterpret_cast<const float*>(logits_->data()), static_cast<size_t>(queue_.model().config().vocabulary)};
}

bool TokenState::feed(std::span<const int64_t> marks, const std::stop_token& stop) {
  for (const VisualMemory::Sight& sight : sequence_.visual().sights()) {
    if (!sight.memory->made && sight.image->features(stop) == nullptr) return false;
  }
  // Up to the end of one picture after the other, so that only one is held encoded.
  for (const ImageSpan& span : images_.spans()) {
    if (span.is_attended() || span.end() <= fed()) continue;
    const std::shared_ptr<const ImageFeatures> held = span.image->features(stop);
    if (held == nullptr || !feed_to(span.end(), marks, stop)) return false;
  }
  const auto size = static_cast<int64_t>(ids_.size());
  return fed() == size || feed_to(size, marks, stop);
}

bool TokenState::feed_to(int64_t end, std::span<const int64_t> marks, const std::stop_token& stop) {
  const std::span<const int32_t> ids = std::span(ids_).first(static_cast<size_t>(end));
  const ForwardQueue::Fed out = queue_.run({.sequence = sequence_,
                                            .ids = ids.subspan(static_cast<size_t>(fed())),
                                            .logits = reinterpret_cast<float*>(logits_->data()),
                                            .marks = marks,
                                            .stop = stop,
                                            .images = images_.empty() ? nullptr : &images_});
  passes_ += out.passes;
  if (out.whole) logits_after_ = fed();
  return out.whole;
}

}  // namespace deskhand
