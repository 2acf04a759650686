#pragma once
// The memory of all sequences of a model: pages, recurrent states, pictures and the prefixes that are known.
//
//   KvCache cache(decoder.plan(), backend, 1 << 30);
//   KvSequence sequence(cache, 4096);
//
// Sequences may be used by several threads, each by one at a time.

#include <cstdint>
#include <mutex>

#include "core/kv/cache_stats.h"
#include "core/kv/prefix_tree.h"
#include "core/kv/visual_memory.h"

namespace deskhand {

class KvCache {
 public:
  /// `budget`: bytes kept beyond what sequences need at the moment, of which pictures take at most half.
  KvCache(const KvPlan& plan, Backend& backend, size_t budget)
      : pool_(plan, backend), tree_(pool_, budget), pictures_(pool_, budget / 2) {}

  const KvPlan& plan() const { return pool_.plan(); }
  /// Counts a prompt.
  void count(int64_t asked, int64_t reused);
  KvCacheStats stats() const;

 private:
  friend class KvSequence;
  friend class PrefixStore;

  /// Gives up what is over the budget.
  void trim();

  mutable std::mutex mutex_;  // of all that follows
  PagePool pool_;
  PrefixTree tree_;
  PictureStore pictures_;
  int64_t asked_ = 0, reused_ = 0;
};

}  // namespace deskhand
