#include "core/kv/sequence.h"

#include <algorithm>
#include <cstring>

#include "kernels/check.h"

namespace deskhand {
namespace {

constexpr int64_t page_tokens = KvPlan::page_tokens;

int64_t pages_for(int64_t tokens) {
  return (tokens + page_tokens - 1) / page_tokens;
}

}  // namespace

void KvSequence::Table::push(PageRef page) {
  data.push_back(page.data());
  pages.push_back(std::move(page));
}

void KvSequence::Table::drop(size_t index) {
  data[index] = nullptr;
  pages[index] = {};
}

KvSequence::KvSequence(KvCache& cache, int64_t capacity)
    : cache_(cache), capacity_(capacity), tables_(cache.plan().groups().size()), at_(cache.tree_.root()) {
  const std::scoped_lock lock(cache_.mutex_);
  ids_.reserve(static_cast<size_t>(capacity));  // what was fed is always noted
  for (Table& table : tables_) {
    table.pages.reserve(static_cast<size_t>(pages_for(capacity)));
    table.data.reserve(static_cast<size_t>(pages_for(capacity)));
  }
  cache_.tree_.hold(at_);
  if (cache_.plan().state_bytes() == 0) return;
  state_ = cache_.pool_.take_state();
  std::memset(state_.data(), 0, cache_.plan().state_bytes());
}

KvSequence::~KvSequence() {
  const std::scoped_lock lock(cache_.mutex_);
  publish();
  publish_tail();
  cache_.tree_.release(at_);
  tables_.clear();
  saved_.clear();
  spare_states_.clear();
  state_ = {};
  visual_ = {};
  cache_.trim();
}

int64_t KvSequence::first_page(size_t group, int64_t position) const {
  const int64_t window = cache_.plan().groups()[group].window;
  return window == 0 ? 0 : std::max<int64_t>(0, position + 1 - window) / page_tokens;
}

AttentionRow KvSequence::row(size_t group, int64_t position) const {
  const Table& table = tables_[group];
  CHECK(position < static_cast<int64_t>(table.data.size()) * page_tokens, "position {}", position);
  const int64_t window = cache_.plan().groups()[group].window;
  const int64_t begin = window > 0 ? std::max<int64_t>(0, position + 1 - window) : 0;
  return {.pages = table.data.data(), .begin = begin, .end = position + 1};
}

void KvSequence::reserve(int64_t tokens) {
  CHECK(tokens <= capacity_, "{} of {}", tokens, capacity_);
  const std::scoped_lock lock(cache_.mutex_);
  const int64_t more = pages_for(tokens) - pages_for(size());
  for (size_t group = 0; group < tables_.size(); ++group) {
    const int64_t window = cache_.plan().groups()[group].window;
    constexpr int64_t slack = 3;  // pages that a window needs beyond its own length while it moves
    const int64_t wanted = window > 0 ? std::min(more, pages_for(window) + slack) : more;
    auto& spare = tables_[group].spare;
    spare.reserve(static_cast<size_t>(std::max<int64_t>(0, wanted)));
    while (static_cast<int64_t>(spare.size()) < wanted) spare.push_back(cache_.pool_.take(group));
  }
  if (!state_) return;
  constexpr int64_t most_states = 8;
  saved_.reserve(saved_.size() + static_cast<size_t>(most_states));
  while (static_cast<int64_t>(spare_states_.size()) < std::min(more, most_states)) {
    PageRef state = cache_.tree_.take_state();
    if (!state) break;
    spare_states_.push_back(std::move(state));
  }
}

void KvSequence::prepare(int64_t end, std::span<const int64_t> marks) {
  CHECK(end > size() && end <= capacity_, "{} of {}", end, capacity_);
  const std::scoped_lock lock(cache_.mutex_);
  const bool may_allocate = end - size() > 1;
  if (may_allocate) publish();
  for (size_t group = 0; group < tables_.size(); ++group) {
    Table& table = tables_[group];
    while (static_cast<int64_t>(table.data.size()) < pages_for(end)) {
      if (table.spare.empty()) {
        table.push(cache_.pool_.take(group));
        continue;
      }
      table.push(std::move(table.spare.back()));
      table.spare.pop_back();
    }
  }
  if (!state_) return;
  for (int64_t count = size() + 1; count <= end; ++count) {
    const bool wanted = count % page_tokens == 0 || std::find(marks.begin(), marks.end(), count) != marks.end();
    if (!wanted || saved_after(count) != nullptr) continue;
    if (!spare_states_.empty()) {
      saved_.push_back({.count = count, .state = std::move(spare_states_.back())});
      spare_states_.pop_back();
    } else if (may_allocate) {
      if (PageRef state = cache_.tree_.take_state()) saved_.push_back({.count = count, .state = std::move(state)});
    }
  }
}

std::byte* KvSequence::saved_after(int64_t count) const {
  const auto found = std::find_if(saved_.begin(), saved_.end(), [&](const Saved& s) { return s.count == count; });
  return found != saved_.end() ? found->state.data() : nullptr;
}

void KvSequence::advance(std::span<const int32_t> ids) {
  const std::scoped_lock lock(cache_.mutex_);
  const bool begins = ids_.empty();
  ids_.insert(ids_.end(), ids.begin(), ids.end());
  if (begins && !ids.empty()) ids_.front() = cache_.pictures_.first_key(visual_, ids.front());
  for (size_t group = 0; group < tables_.size(); ++group) {
    if (cache_.plan().groups()[group].window == 0) continue;
    // A page more than the window needs, so that a few tokens can be taken back.
    const int64_t first = first_page(group, size() - page_tokens);
    for (int64_t page = first - 1; page >= 0 && tables_[group].data[static_cast<size_t>(page)] != nullptr; --page) {
      tables_[group].drop(static_cast<size_t>(page));
    }
  }
}

std::vector<PageRef> KvSequence::pages_at(int64_t page) const {
  std::vector<PageRef> out;
  out.reserve(tables_.size());
  for (const Table& table : tables_) out.push_back(table.pages[static_cast<size_t>(page)]);
  return out;
}

void KvSequence::publish() {
  PrefixTree& tree = cache_.tree_;
  const auto state_at = [this](int64_t count) {
    const auto found = std::find_if(saved_.begin(), saved_.end(), [&](const Saved& s) { return s.count == count; });
    return found != saved_.end() ? std::move(found->state) : PageRef();
  };
  while (at_->end() < size()) {
    const int64_t start = at_->end(), end = std::min(size(), start + page_tokens);
    const std::vector<PageRef> pages = pages_at(start / page_tokens);
    const std::span<const int32_t> tokens = std::span(ids_).subspan(static_cast<size_t>(start));
    for (int64_t count = start + 1; count < start + page_tokens && count <= end; ++count) {
      PageRef state = state_at(count);
      if (state) tree.insert(at_, tokens.first(static_cast<size_t>(count - start)), pages, std::move(state));
    }
    if (end - start < page_tokens) break;
    PrefixNode* node = tree.insert(at_, tokens.first(static_cast<size_t>(page_tokens)), pages, state_at(end));
    for (size_t group = 0; group < tables_.size(); ++group) {  // the same page from another sequence will do
      PageRef& page = tables_[group].pages[static_cast<size_t>(start / page_tokens)];
      if (!page) continue;
      page = node->pages[group];
      tables_[group].data[static_cast<size_t>(start / page_tokens)] = page.data();
    }
    tree.hold(node);
    tree.release(at_);
    at_ = node;
  }
  std::erase_if(saved_, [](const Saved& saved) { return !saved.state; });
  tree.trim();
}

void KvSequence::publish_tail() {
  if (at_->end() == size()) return;
  PageRef state;
  if (state_) {
    state = cache_.tree_.take_state();
    if (!state) return;
    std::memcpy(state.data(), state_.data(), cache_.plan().state_bytes());
  }
  const auto tokens = std::span(std::as_const(ids_)).subspan(static_cast<size_t>(at_->end()));
  cache_.tree_.insert(at_, tokens, pages_at(at_->end() / page_tokens), std::move(state));
}

bool KvSequence::has_windows(std::span<PrefixNode* const> chain, const Start& start) const {
  for (size_t group = 0; group < tables_.size(); ++group) {
    for (int64_t page = first_page(group, start.tokens); page < start.pages; ++page) {
      if (!chain[static_cast<size_t>(page)]->pages[group]) return false;
    }
    if (start.part != nullptr && !start.part->pages[group]) return false;
  }
  return true;
}

KvSequence::Start KvSequence::find_start(std::span<PrefixNode* const> chain, std::span<const int32_t> ids) const {
  for (auto pages = static_cast<int64_t>(chain.size());; --pages) {
    PrefixNode* node = pages > 0 ? chain[static_cast<size_t>(pages - 1)] : cache_.tree_.root();
    const int64_t whole = pages * page_tokens;
    // Without states any page will do in part; but those before the last of the chain are in the chain as a whole.
    if (state_ || pages == static_cast<int64_t>(chain.size())) {
      const auto rest = ids.subspan(static_cast<size_t>(whole));
      const auto [part, common] = cache_.tree_.match_part(*node, rest, bool(state_));
      const Start start{.pages = pages, .part = part, .tokens = whole + common};
      if (part != nullptr && has_windows(chain, start)) return start;
    }
    const Start start{.pages = pages, .tokens = whole};
    if (pages == 0 || ((!state_ || node->state) && has_windows(chain, start))) return start;
  }
}

void KvSequence::move_to(std::span<PrefixNode* const> chain, const Start& start, std::span<const int32_t> ids) {
  for (size_t group = 0; group < tables_.size(); ++group) {
    Table& table = tables_[group];
    const int64_t first = first_page(group, start.tokens);
    std::vector<PageRef> pages(static_cast<size_t>(start.pages));
    for (int64_t page = first; page < start.pages; ++page) {
      pages[static_cast<size_t>(page)] = chain[static_cast<size_t>(page)]->pages[group];
    }
    if (start.part != nullptr) pages.push_back(cache_.pool_.copy(group, start.part->pages[group]));
    table.pages.clear();
    table.data.clear();
    for (PageRef& page : pages) table.push(std::move(page));
  }
  PrefixNode* node = start.pages > 0 ? chain[static_cast<size_t>(start.pages - 1)] : cache_.tree_.root();
  if (state_) {
    const PrefixNode* last = start.part != nullptr ? start.part : node;
    const size_t bytes = cache_.plan().state_bytes();
    if (start.tokens == 0) {
      std::memset(state_.data(), 0, bytes);
    } else {
      std::memcpy(state_.data(), last->state.data(), bytes);
    }
  }
  cache_.tree_.hold(node);
  cache_.tree_.release(at_);
  at_ = node;
  ids_.assign(ids.begin(), ids.begin() + start.tokens);
  saved_.clear();
}

void KvSequence::go_back(std::span<const int32_t> ids) {
  const std::vector<PrefixNode*> chain = cache_.tree_.match(ids);
  move_to(chain, find_start(chain, ids), ids);
}

std::vector<int32_t> KvSequence::keys_of(std::span<const int32_t> ids) const {
  std::vector<int32_t> keys(ids.begin(), ids.end());
  if (!keys.empty()) keys.front() = cache_.pictures_.first_key(visual_, keys.front());
  return keys;
}

int64_t KvSequence::adopt(std::span<const int32_t> ids, const PromptImages& images) {
  const std::scoped_lock lock(cache_.mutex_);
  publish();
  visual_ = cache_.pictures_.look(images);
  const std::vector<int32_t> keys = keys_of(ids);
  const auto own = static_cast<int64_t>(ids_.size());
  const bool goes_on = own <= static_cast<int64_t>(keys.size()) && std::equal(ids_.begin(), ids_.end(), keys.begin());
  if (!goes_on) {
    publish_tail();
    go_back(keys);
  } else {
    const std::vector<PrefixNode*> chain = cache_.tree_.match(keys);
    const Start start = find_start(chain, keys);
    if (start.tokens > own) move_to(chain, start, keys);
  }
  cache_.trim();
  return size();
}

void KvSequence::share() {
  const std::scoped_lock lock(cache_.mutex_);
  publish();
  publish_tail();
}

void KvSequence::lose() {
  if (!state_) return;
  const std::scoped_lock lock(cache_.mutex_);
  std::erase_if(saved_, [this](const Saved& saved) { return saved.count > size(); });
  publish();
  go_back(std::vector(ids_));
  cache_.trim();
}

}  // namespace deskhand
