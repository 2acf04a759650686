#include "core/forward_queue.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>

#include "kernels/check.h"

namespace deskhand {

ForwardQueue::ForwardQueue(LanguageModel& model, Backend& backend, int64_t rows)
    : model_(model), backend_(backend), batch_(model.decoder().plan(), std::clamp<int64_t>(rows, 1, model.max_rows())) {
  const auto most = static_cast<size_t>(batch_.max_rows());
  chosen_.reserve(most);
  waiting_.reserve(most);
}

ForwardQueue::Turn::Turn(ForwardQueue& queue) : queue_(queue) {
  const std::scoped_lock lock(queue_.mutex_);
  queue_.turns_.push_back(std::this_thread::get_id());
}

ForwardQueue::Turn::~Turn() {
  {
    const std::scoped_lock lock(queue_.mutex_);
    queue_.turns_.erase(std::find(queue_.turns_.begin(), queue_.turns_.end(), std::this_thread::get_id()));
  }
  queue_.changed_.notify_all();
}

ForwardQueue::Fed ForwardQueue::run(const Feed& feed) {
  CHECK(!feed.ids.empty(), "nothing to feed");
  Entry entry{.feed = feed};
  {
    std::unique_lock lock(mutex_);
    waiting_.push_back(&entry);
    changed_.notify_all();
    while (!entry.done) {
      if (led_) {
        changed_.wait(lock);
      } else {
        lead(lock);
      }
    }
  }
  if (entry.error) std::rethrow_exception(entry.error);
  return {.whole = entry.left() == 0, .passes = entry.passes};
}

void ForwardQueue::lead(std::unique_lock<std::mutex>& lock) {
  led_ = true;
  // Others who are choosing their next token get a moment, so that all go together.
  constexpr auto moment = std::chrono::milliseconds(2);
  changed_.wait_for(lock, moment, [this] { return all_turns_wait(); });
  try {
    choose();
  } catch (...) {
    chosen_.clear();
    for (Entry* entry : waiting_) entry->fail();
  }
  lock.unlock();
  forward();
  lock.lock();
  for (Entry* entry : waiting_) entry->done = entry->over;
  std::erase_if(waiting_, [](const Entry* entry) { return entry->done; });
  led_ = false;
  changed_.notify_all();
}

bool ForwardQueue::all_turns_wait() const {
  return std::all_of(turns_.begin(), turns_.end(), [this](std::thread::id thread) {
    return std::any_of(waiting_.begin(), waiting_.end(), [&](const Entry* entry) { return entry->thread == thread; });
  });
}

void ForwardQueue::choose() {
  // Whom the last batch had no room for, then the least comes first; each has an equal share of the room that is left.
  chosen_.assign(waiting_.begin(), waiting_.end());
  std::sort(chosen_.begin(), chosen_.end(), [](const Entry* a, const Entry* b) {
    return std::pair(!a->passed_over, a->left()) < std::pair(!b->passed_over, b->left());
  });
  int64_t room = batch_.max_rows(), sharers = static_cast<int64_t>(chosen_.size());
  for (Entry* entry : chosen_) {
    entry->rows = entry->whole_rows((room + sharers - 1) / sharers, room);
    entry->passed_over = entry->rows == 0;
    room -= entry->rows;
    --sharers;
  }
  std::erase_if(chosen_, [](const Entry* entry) { return entry->rows == 0; });
}

int64_t ForwardQueue::Entry::whole_rows(int64_t share, int64_t room) const {
  const int64_t some = std::min(left(), share), first = feed.sequence.size();
  const ImageSpan* span = feed.images != nullptr ? feed.images->at(first + some) : nullptr;
  if (span == nullptr || span->sees == RowSees::past || span->begin >= first + some) return some;
  if (span->begin > first) return span->begin - first;
  const int64_t whole = span->end() - first;
  return whole <= room ? whole : 0;
}

bool ForwardQueue::remember(const VisualMemory::Sight& sight, const std::stop_token& stop) {
  if (sight.memory->made) return true;
  const std::shared_ptr<const ImageFeatures> features = sight.image->features(stop);
  return features != nullptr && model_.decoder().remember(*features, *sight.memory, stop);
}

bool ForwardQueue::add_rows(Entry& entry) {
  KvSequence& sequence = entry.feed.sequence;
  for (const VisualMemory::Sight& sight : sequence.visual().sights()) {
    if (!remember(sight, entry.feed.stop)) return false;
  }
  const int64_t first = sequence.size();
  sequence.prepare(first + entry.rows, entry.feed.marks);
  for (int64_t i = 0; i < entry.rows; ++i) {
    const bool last = i + 1 == entry.left();
    batch_.add(sequence, {.id = entry.feed.ids[static_cast<size_t>(entry.fed + i)],
                          .position = first + i,
                          .wants_logits = last && entry.feed.logits != nullptr,
                          .images = entry.feed.images});
  }
  return true;
}

void ForwardQueue::fill() {
  std::erase_if(chosen_, [](Entry* entry) { return entry->over = entry->stopped(); });
  for (bool whole = false; !whole;) {
    batch_.clear();
    whole = true;
    for (Entry* entry : chosen_) {
      try {
        entry->over = !add_rows(*entry);
      } catch (...) {
        entry->fail();
      }
      whole = !entry->over;
      if (!whole) break;  // once more without it: some of its rows may be in the batch
    }
    std::erase_if(chosen_, [](const Entry* entry) { return entry->over; });
  }
}

void ForwardQueue::forward() {
  fill();
  if (chosen_.empty()) return;
  batch_.set_stop(chosen_.size() == 1 ? chosen_.front()->feed.stop : std::stop_token());
  ++batches_;
  bool fed = false;
  try {
    const auto wanted = static_cast<int64_t>(batch_.logit_rows().size());
    const View logits = logits_room(wanted);
    fed = model_.decoder().forward(batch_, logits);
    int64_t row = 0;
    for (const Entry* entry : chosen_) {
      if (!fed || entry->feed.logits == nullptr || entry->rows < entry->left()) continue;
      if (wanted > 1)
        std::memcpy(entry->feed.logits, logits.row(row), static_cast<size_t>(logits.cols) * sizeof(float));
      ++row;
    }
  } catch (...) {
    fed = false;
    for (Entry* entry : chosen_) entry->fail();
  }
  for (Entry* entry : chosen_) {
    try {
      finish(*entry, fed);
    } catch (...) {
      entry->fail();
    }
  }
}

View ForwardQueue::logits_room(int64_t rows) {
  const int64_t vocabulary = model_.config().vocabulary;
  if (rows == 0) return {};
  if (rows == 1) {
    const auto wants = std::find_if(chosen_.begin(), chosen_.end(), [](const Entry* entry) {
      return entry->feed.logits != nullptr && entry->rows == entry->left();
    });
    return {(*wants)->feed.logits, DType::f32, 1, vocabulary};
  }
  const auto bytes = static_cast<size_t>(rows * vocabulary) * sizeof(float);
  if (!logits_ || logits_->size() < bytes) logits_ = backend_.allocate(bytes);
  return {logits_->data(), DType::f32, rows, vocabulary};
}

void ForwardQueue::finish(Entry& entry, bool fed) {
  if (!fed) {
    entry.feed.sequence.lose();
    entry.over = true;
    return;
  }
  entry.feed.sequence.advance(entry.feed.ids.subspan(static_cast<size_t>(entry.fed), static_cast<size_t>(entry.rows)));
  entry.fed += entry.rows;
  ++entry.passes;
  entry.over = entry.left() == 0;
}

}  // namespace deskhand
