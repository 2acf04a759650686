#pragma once
// Merging pairs of tokens by rank, as the Hugging Face tokenizers do: the lowest rank first, the leftmost of equals.
//
//   MergeTable merges(2);
//   merges.insert(h, e, {.rank = 0, .id = he});
//   std::vector<int32_t> ids{h, e, y};
//   merges.apply(ids);                                                   // he, y

#include <cstddef>
#include <cstdint>
#include <vector>

namespace deskhand {

struct Merge {
  int32_t rank = -1;  ///< −1: the pair does not merge
  int32_t id = -1;    ///< the token that it becomes
};

/// Pairs of ids → merges, open addressing.
class MergeTable {
 public:
  /// Room for `count` merges.
  explicit MergeTable(size_t count);

  /// The first merge of a pair counts.
  void insert(int32_t left, int32_t right, Merge merge);
  /// Merges the ids of one piece of text in n log n.
  void apply(std::vector<int32_t>& ids) const;

 private:
  struct Slot {
    uint64_t key = 0;
    Merge merge;
  };
  Merge find(int32_t left, int32_t right) const { return slots_[place(key(left, right))].merge; }
  static uint64_t key(int32_t left, int32_t right) {
    return static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right);
  }
  size_t place(uint64_t wanted) const;

  std::vector<Slot> slots_;
};

}  // namespace deskhand
