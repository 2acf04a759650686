#pragma once
// What the layers keep of one sequence: pages of keys and values, shared with other sequences where their prefixes
// agree, the state of recurrent layers, and the pictures that it sees by cross-attention.
//
//   KvSequence sequence(cache, 4096);
//   int64_t known = sequence.adopt(ids);            // the longest prefix that any sequence has fed
//   sequence.prepare(100, {});                      // memory for positions known…99
//   AttentionRow row = sequence.row(0, 42);         // what position 42 sees in group 0
//   sequence.advance(fed);                          // these ids have been fed
//
// Whole pages are offered to other sequences when the next rows are prepared, and the rest when the sequence shares it,
// ends or turns to another text. A group with a window keeps only the pages that the window still needs.

#include <cstdint>
#include <span>
#include <vector>

#include "core/kv/cache.h"

namespace deskhand {

class KvSequence {
 public:
  /// `capacity`: the most tokens it can ever hold.
  KvSequence(KvCache& cache, int64_t capacity);
  ~KvSequence();
  KvSequence(const KvSequence&) = delete;
  KvSequence& operator=(const KvSequence&) = delete;

  int64_t capacity() const { return capacity_; }
  /// Positions that have been fed.
  int64_t size() const { return static_cast<int64_t>(ids_.size()); }

  /// Makes it hold the longest prefix of `ids` that is known, from itself or another sequence; returns its length. With
  /// recurrent layers that is where a state was saved: at whole pages, at marks, where a text was left.
  /// `images`: the pictures of the whole text, which goes on behind `ids`.
  int64_t adopt(std::span<const int32_t> ids, const PromptImages& images = {});
  /// Memory for positions up to `tokens`, so that feeding single rows allocates nothing.
  void reserve(int64_t tokens);
  /// Pages for positions [size, end), and memory for the states after whole pages and after `marks`, counts of
  /// positions in (size, end].
  void prepare(int64_t end, std::span<const int64_t> marks);
  /// Where the recurrent layers' state after `count` positions is to be saved; null: nowhere.
  std::byte* saved_after(int64_t count) const;
  /// Says that these have been fed at positions [size, size + ids.size()).
  void advance(std::span<const int32_t> ids);
  /// Offers all that was fed to other sequences.
  void share();
  /// Says that a forward pass was not finished: the state that it may have spoilt is replaced by the last one saved,
  /// and size() is where that was.
  void lose();

  /// What `position` sees of itself and the past in the layers of a group.
  AttentionRow row(size_t group, int64_t position) const;
  /// The pictures that layers attend to.
  const VisualMemory& visual() const { return visual_; }
  /// The recurrent layers' state after `size` positions; null when the plan has none.
  std::byte* state() const { return state_.data(); }

 private:
  struct Table {
    std::vector<PageRef> pages;
    std::vector<std::byte*> data;  // of the pages; null where a window has passed
    std::vector<PageRef> spare;

    void push(PageRef page);
    void drop(size_t index);
  };
  struct Saved {
    int64_t count = 0;  // positions before it
    PageRef state;
  };
  /// A place in the tree to go on from.
  struct Start {
    int64_t pages = 0;           // whole pages of the chain
    PrefixNode* part = nullptr;  // the node of the page after them
    int64_t tokens = 0;          // in all
  };

  void publish();
  void publish_tail();
  std::vector<PageRef> pages_at(int64_t page) const;
  Start find_start(std::span<PrefixNode* const> chain, std::span<const int32_t> ids) const;
  bool has_windows(std::span<PrefixNode* const> chain, const Start& start) const;
  void move_to(std::span<PrefixNode* const> chain, const Start& start, std::span<const int32_t> ids);
  void go_back(std::span<const int32_t> ids);
  std::vector<int32_t> keys_of(std::span<const int32_t> ids) const;
  /// The first page that a row at `position` needs in a group.
  int64_t first_page(size_t group, int64_t position) const;

  KvCache& cache_;
  int64_t capacity_;
  std::vector<int32_t> ids_;  // by which what was fed is known
  VisualMemory visual_;
  std::vector<Table> tables_;  // [group]
  PageRef state_;
  std::vector<Saved> saved_;  // not yet in the tree
  std::vector<PageRef> spare_states_;
  PrefixNode* at_;  // the last whole page in the tree
};

}  // namespace deskhand
