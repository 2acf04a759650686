#include "core/kv/sequence.h"

#include <algorithm>
#include <cstring>

#include "kernels/check.h"

namespace deskhand {

KvSequence::KvSequence(PagePool& pool, int64_t capacity)
    : pool_(pool), capacity_(capacity), tables_(pool.plan().groups().size()) {
  const int64_t pages = (capacity + KvPlan::page_tokens - 1) / KvPlan::page_tokens;
  for (auto& table : tables_) table.reserve(static_cast<size_t>(pages));
  if (pool.plan().state_bytes() == 0) return;
  state_ = pool.take_state();
  std::memset(state_, 0, pool.plan().state_bytes());
}

KvSequence::~KvSequence() {
  for (size_t group = 0; group < tables_.size(); ++group) {
    for (std::byte* page : tables_[group]) pool_.give_back(group, page);
  }
  if (state_ != nullptr) pool_.give_back_state(state_);
}

void KvSequence::reserve(int64_t tokens) {
  CHECK(tokens <= capacity_, "{} of {}", tokens, capacity_);
  const auto pages = static_cast<size_t>((tokens + KvPlan::page_tokens - 1) / KvPlan::page_tokens);
  for (size_t group = 0; group < tables_.size(); ++group) {
    while (tables_[group].size() < pages) tables_[group].push_back(pool_.take(group));
  }
}

int64_t KvSequence::reserved() const {
  return tables_.empty() ? capacity_ : static_cast<int64_t>(tables_.front().size()) * KvPlan::page_tokens;
}

void KvSequence::advance(int64_t count) {
  CHECK(size_ + count <= reserved(), "{} + {} of {}", size_, count, reserved());
  size_ += count;
}

void KvSequence::rewind(int64_t tokens) {
  CHECK(tokens >= 0 && tokens <= size_, "{} of {}", tokens, size_);
  if (state_ == nullptr || tokens == size_) {
    size_ = tokens;
    return;
  }
  size_ = 0;
  std::memset(state_, 0, pool_.plan().state_bytes());
}

AttentionRow KvSequence::row(size_t group, int64_t position) const {
  CHECK(position < reserved(), "{} of {}", position, reserved());
  const int64_t window = pool_.plan().groups()[group].window;
  const int64_t begin = window > 0 ? std::max<int64_t>(0, position + 1 - window) : 0;
  return {.pages = tables_[group].data(), .begin = begin, .end = position + 1};
}

}  // namespace deskhand
