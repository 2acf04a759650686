#include "core/kv/prefix_tree.h"

#include <algorithm>
#include <bit>
#include <tuple>

#include "kernels/check.h"

namespace deskhand {
namespace {

int64_t common_length(std::span<const int32_t> a, std::span<const int32_t> b) {
  return std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin();
}

bool begins_with(std::span<const int32_t> text, std::span<const int32_t> start) {
  return common_length(text, start) == static_cast<int64_t>(start.size());
}

bool unused(const PrefixNode* node) {
  return node->users == 0 && node->children.empty();
}

}  // namespace

PrefixTree::PrefixTree(PagePool& pool, size_t budget) : pool_(pool), budget_(budget) {
  root_.depth = -1;
  root_.tokens.resize(static_cast<size_t>(KvPlan::page_tokens));  // so that it ends at 0
}

PrefixTree::~PrefixTree() {
  // Leaves first: a chain of nodes that own one another is too deep for nested destructors.
  std::vector<PrefixNode*> nodes(order_.begin(), order_.end());
  std::sort(nodes.begin(), nodes.end(), [](const PrefixNode* a, const PrefixNode* b) { return a->depth > b->depth; });
  for (PrefixNode* node : nodes) node->children.clear();
}

std::vector<PrefixNode*> PrefixTree::match(std::span<const int32_t> ids) {
  std::vector<PrefixNode*> chain;
  const auto page = static_cast<size_t>(KvPlan::page_tokens);
  for (PrefixNode* node = &root_; ids.size() >= page; ids = ids.subspan(page)) {
    const auto found = std::find_if(node->children.begin(), node->children.end(), [&](const auto& child) {
      return child->whole() && begins_with(ids, child->tokens);
    });
    if (found == node->children.end()) break;
    node = found->get();
    chain.push_back(node);
  }
  // What leads to a page counts as used after it, so that leaves are forgotten first.
  std::for_each(chain.rbegin(), chain.rend(), [this](PrefixNode* node) { touch(node); });
  return chain;
}

std::pair<PrefixNode*, int64_t> PrefixTree::match_part(const PrefixNode& parent, std::span<const int32_t> ids,
                                                       bool with_state) const {
  std::pair<PrefixNode*, int64_t> best{nullptr, 0};
  for (const auto& child : parent.children) {
    const int64_t common = common_length(child->tokens, ids);
    if (common <= best.second) continue;
    if (with_state && (!child->state || common < static_cast<int64_t>(child->tokens.size()))) continue;
    best = {child.get(), common};
  }
  return best;
}

PrefixNode* PrefixTree::insert(PrefixNode* parent, std::span<const int32_t> tokens, std::span<const PageRef> pages,
                               PageRef state) {
  CHECK(parent->whole(), "only a whole page has children");
  CHECK(!tokens.empty() && static_cast<int64_t>(tokens.size()) <= KvPlan::page_tokens, "{} tokens", tokens.size());
  auto& siblings = parent->children;
  const auto same = std::find_if(siblings.begin(), siblings.end(), [&](const auto& child) {
    return child->tokens.size() == tokens.size() && begins_with(child->tokens, tokens);
  });
  PrefixNode* node = nullptr;
  if (same != siblings.end()) {
    node = same->get();
    touch(node);
  } else {
    node = siblings.emplace_back(std::make_unique<PrefixNode>()).get();
    node->parent = parent;
    node->depth = parent->depth + 1;
    node->tokens.assign(tokens.begin(), tokens.end());
    node->pages.resize(pages.size());
    node->order = order_.insert(order_.end(), node);
  }
  for (size_t group = 0; group < pages.size(); ++group) {
    if (!node->pages[group]) node->pages[group] = pages[group];
  }
  if (state) node->state = std::move(state);
  // Leaves that say nothing more than this one does.
  std::vector<PrefixNode*> covered;
  for (const auto& sibling : siblings) {
    const bool less = sibling->tokens.size() < node->tokens.size() && begins_with(node->tokens, sibling->tokens);
    if (less && !sibling->state) covered.push_back(sibling.get());
  }
  for (PrefixNode* leaf : covered) forget(leaf);
  return node;
}

void PrefixTree::release(PrefixNode* node) {
  CHECK(node->users > 0, "released more often than held");
  --node->users;
}

PageRef PrefixTree::take_state() {
  const size_t bytes = pool_.plan().state_bytes();
  if (bytes == 0 || bytes > budget_) return {};
  const size_t budget = std::exchange(budget_, budget_ - bytes);
  trim();
  const bool fits = idle_bytes() <= budget_;
  budget_ = budget;
  return fits ? pool_.take_state() : PageRef();
}

void PrefixTree::trim() {
  size_t idle = idle_bytes();
  while (idle > budget_) {
    const auto oldest = std::find_if(order_.begin(), order_.end(), unused);
    if (oldest == order_.end()) break;
    // With a leaf goes what led only to it.
    for (PrefixNode* node = *oldest; node != &root_ && unused(node) && idle > budget_;) {
      PrefixNode* parent = node->parent;
      idle -= idle_bytes(*node);
      forget(node);
      node = parent;
    }
  }
  if (idle <= budget_) return;
  std::vector<PrefixNode*> nodes(order_.begin(), order_.end());
  std::sort(nodes.begin(), nodes.end(), [](const PrefixNode* a, const PrefixNode* b) { return a->depth < b->depth; });
  const auto groups = pool_.plan().groups();
  for (PrefixNode* node : nodes) {
    for (size_t group = 0; group < groups.size() && idle > budget_; ++group) {
      PageRef& page = node->pages[group];
      if (groups[group].window == 0 || !page || page.shared()) continue;
      page = {};
      idle -= groups[group].page_bytes;
    }
  }
  while (idle > budget_ && thin()) idle -= pool_.plan().state_bytes();
}

bool PrefixTree::thin() {
  // Of the states, those after odd pages go first, then those after pages that 4 does not divide …; of these the first
  // in the text. The end of a turn counts for more. The last of all stays: its text goes on.
  PrefixNode* victim = nullptr;
  std::tuple<int, int64_t> least{};
  int64_t held = 0;
  for (PrefixNode* node : order_) {
    if (!node->state) continue;
    ++held;
    constexpr int turn = 4;
    const int twos = std::countr_zero(static_cast<uint64_t>(node->depth + 1));
    const std::tuple<int, int64_t> worth{twos + (node->whole() ? 0 : turn), node->end()};
    if (victim != nullptr && least <= worth) continue;
    victim = node;
    least = worth;
  }
  if (held <= 1) return false;
  victim->state = {};
  return true;
}

size_t PrefixTree::idle_bytes(const PrefixNode& node) const {
  size_t bytes = node.state ? pool_.plan().state_bytes() : 0;
  for (size_t group = 0; group < node.pages.size(); ++group) {
    const PageRef& page = node.pages[group];
    if (page && !page.shared()) bytes += pool_.plan().groups()[group].page_bytes;
  }
  return bytes;
}

size_t PrefixTree::idle_bytes() const {
  size_t bytes = aside_;
  for (const PrefixNode* node : order_) bytes += idle_bytes(*node);
  return bytes;
}

size_t PrefixTree::states() const {
  return static_cast<size_t>(
      std::count_if(order_.begin(), order_.end(), [](const PrefixNode* node) { return bool(node->state); }));
}

void PrefixTree::forget(PrefixNode* node) {
  order_.erase(node->order);
  auto& siblings = node->parent->children;
  siblings.erase(std::find_if(siblings.begin(), siblings.end(), [&](const auto& s) { return s.get() == node; }));
}

}  // namespace deskhand
