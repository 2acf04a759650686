#pragma once
// The prefixes that any sequence has fed, page by page, so that nothing is computed twice.
//
//   PrefixTree tree(pool, 1 << 30);
//   PrefixNode* node = tree.insert(tree.root(), ids, pages, state);      // shares the pages
//   std::vector<PrefixNode*> chain = tree.match(ids);                    // the longest known run of whole pages
//   tree.hold(node);                                                     // neither it nor its parents are forgotten
//
// A node is a page of 64 tokens after its parent's. In models with recurrent layers it may carry the state after its
// last token. A leaf may hold fewer tokens: where a text was left. What only the tree holds is kept within a budget:
// first the least recently used branches go, then of those in use the pages that windows have passed and some states,
// such that the states which stay lie denser near the end of the text.
//
// Not for several threads at once.

#include <cstdint>
#include <list>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "core/kv/pages.h"

namespace deskhand {

struct PrefixNode {
  PrefixNode* parent = nullptr;
  int64_t depth = 0;            ///< pages before this one
  std::vector<int32_t> tokens;  ///< 64, or fewer in a leaf
  std::vector<PageRef> pages;   ///< [group]; none where a window has passed and the page was given up
  PageRef state;                ///< of the recurrent layers after the last token; may be none
  int64_t users = 0;            ///< sequences whose last whole page this is
  std::vector<std::unique_ptr<PrefixNode>> children;
  std::list<PrefixNode*>::iterator order;  ///< in PrefixTree's order of use

  int64_t end() const { return depth * KvPlan::page_tokens + static_cast<int64_t>(tokens.size()); }
  bool whole() const { return static_cast<int64_t>(tokens.size()) == KvPlan::page_tokens; }
};

class PrefixTree {
 public:
  /// `budget`: bytes of what no sequence needs at the moment, and of all states.
  PrefixTree(PagePool& pool, size_t budget);
  ~PrefixTree();
  PrefixTree(const PrefixTree&) = delete;
  PrefixTree& operator=(const PrefixTree&) = delete;

  PrefixNode* root() { return &root_; }
  /// The nodes of the longest known prefix of whole pages, in order.
  std::vector<PrefixNode*> match(std::span<const int32_t> ids);
  /// The child that begins with the most of `ids`, and how many. With `with_state`, only children that carry a state
  /// and whose tokens all lie in `ids`.
  std::pair<PrefixNode*, int64_t> match_part(const PrefixNode& parent, std::span<const int32_t> ids,
                                             bool with_state) const;
  /// Adds a child, or gives the one that exists what it lacks.
  PrefixNode* insert(PrefixNode* parent, std::span<const int32_t> tokens, std::span<const PageRef> pages,
                     PageRef state);

  void hold(PrefixNode* node) { ++node->users; }
  void release(PrefixNode* node);

  /// A state to write into, within the budget; none when not even one fits.
  PageRef take_state();
  /// Gives up what is over the budget.
  void trim();
  /// Bytes of the budget that something else takes.
  void set_aside(size_t bytes) { aside_ = bytes; }
  /// Bytes that count against the budget.
  size_t idle_bytes() const;
  size_t nodes() const { return order_.size(); }
  size_t states() const;

 private:
  size_t idle_bytes(const PrefixNode& node) const;
  void touch(PrefixNode* node) { order_.splice(order_.end(), order_, node->order); }
  void forget(PrefixNode* node);
  bool thin();

  PagePool& pool_;
  size_t budget_, aside_ = 0;
  std::list<PrefixNode*> order_;  // least recently used first
  PrefixNode root_;
};

}  // namespace deskhand
