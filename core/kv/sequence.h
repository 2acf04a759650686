#pragma once
// The keys and values of one sequence: a page table per group of layers.
//
//   KvSequence sequence(pool, 4096);
//   sequence.reserve(100);                 // pages for positions 0…99
//   AttentionRow row = sequence.row(0, 42);      // what position 42 sees in group 0
//   sequence.rewind(20);                   // positions 20… may be written again
//
// All pages are kept until the sequence ends, so that a rewind to any position needs no work.

#include <cstdint>
#include <vector>

#include "core/kv/pages.h"

namespace deskhand {

class KvSequence {
 public:
  /// `capacity`: the most tokens it can ever hold.
  KvSequence(PagePool& pool, int64_t capacity);
  ~KvSequence();
  KvSequence(const KvSequence&) = delete;
  KvSequence& operator=(const KvSequence&) = delete;

  int64_t capacity() const { return capacity_; }
  /// Positions whose keys and values are valid.
  int64_t size() const { return size_; }
  /// Takes pages for `tokens` positions. Nothing that follows allocates.
  void reserve(int64_t tokens);
  int64_t reserved() const;
  /// Says that positions [size, size + count) have been written.
  void advance(int64_t count);
  /// Forgets positions [tokens, size): all, when recurrent layers have to begin again.
  void rewind(int64_t tokens);
  /// The recurrent layers' state after `size` positions; null when the plan has none.
  std::byte* state() const { return state_; }
  /// What `position` sees of itself and the past in the layers of a group.
  AttentionRow row(size_t group, int64_t position) const;

 private:
  PagePool& pool_;
  int64_t capacity_;
  int64_t size_ = 0;
  std::byte* state_ = nullptr;
  std::vector<std::vector<std::byte*>> tables_;  // [group][position / page_tokens]
};

}  // namespace deskhand
