#include "core/tokenizer/merges.h"

#include <algorithm>
#include <bit>
#include <queue>

namespace deskhand {
namespace {

/// A token of a piece, in a list of its neighbours.
struct Symbol {
  int32_t id = -1;  ///< −1: merged into its left neighbour
  int32_t previous = -1, next = -1;
};

struct Candidate {
  Merge merge;
  int32_t left = 0, left_id = 0, right_id = 0;
  /// For a heap whose top is the lowest rank, then the leftmost.
  bool operator<(const Candidate& o) const {
    return merge.rank != o.merge.rank ? merge.rank > o.merge.rank : left > o.left;
  }
};

}  // namespace

MergeTable::MergeTable(size_t count) : slots_(std::bit_ceil(std::max<size_t>(count, 1) * 2)) {}

void MergeTable::insert(int32_t left, int32_t right, Merge merge) {
  Slot& slot = slots_[place(key(left, right))];
  if (slot.merge.rank < 0) slot = {key(left, right), merge};
}

size_t MergeTable::place(uint64_t wanted) const {
  const size_t mask = slots_.size() - 1;
  size_t at = (wanted * 0x9E3779B97F4A7C15u >> 20) & mask;
  while (slots_[at].merge.rank >= 0 && slots_[at].key != wanted) at = (at + 1) & mask;
  return at;
}

void MergeTable::apply(std::vector<int32_t>& ids) const {
  if (ids.size() < 2) return;
  std::vector<Symbol> symbols;
  symbols.reserve(ids.size());
  for (const int32_t id : ids) {
    const auto at = static_cast<int32_t>(symbols.size());
    symbols.push_back({id, at - 1, at + 1});
  }
  symbols.back().next = -1;
  std::priority_queue<Candidate> heap;
  const auto consider = [&](int32_t left) {
    const int32_t right = left < 0 ? -1 : symbols[static_cast<size_t>(left)].next;
    if (right < 0) return;
    const int32_t left_id = symbols[static_cast<size_t>(left)].id, right_id = symbols[static_cast<size_t>(right)].id;
    const Merge merge = find(left_id, right_id);
    if (merge.rank >= 0) heap.push({merge, left, left_id, right_id});
  };
  for (int32_t at = 0; at + 1 < static_cast<int32_t>(symbols.size()); ++at) consider(at);
  while (!heap.empty()) {
    const Candidate best = heap.top();
    heap.pop();
    Symbol& left = symbols[static_cast<size_t>(best.left)];
    if (left.id != best.left_id || left.next < 0) continue;
    Symbol& right = symbols[static_cast<size_t>(left.next)];
    if (right.id != best.right_id) continue;
    left.id = best.merge.id;
    left.next = right.next;
    right.id = -1;
    if (right.next >= 0) symbols[static_cast<size_t>(right.next)].previous = best.left;
    consider(left.previous);
    consider(best.left);
  }
  ids.clear();
  for (int32_t at = 0; at >= 0; at = symbols[static_cast<size_t>(at)].next) {
    ids.push_back(symbols[static_cast<size_t>(at)].id);
  }
}

}  // namespace deskhand
