#include "core/kv/cache.h"

namespace deskhand {

void KvCache::count(int64_t asked, int64_t reused) {
  const std::scoped_lock lock(mutex_);
  asked_ += asked;
  reused_ += reused;
}

void KvCache::trim() {
  pictures_.trim();
  tree_.set_aside(pictures_.idle_bytes());
  tree_.trim();
}

KvCacheStats KvCache::stats() const {
  const std::scoped_lock lock(mutex_);
  return {.asked = asked_,
          .reused = reused_,
          .bytes = pool_.bytes(),
          .idle_bytes = tree_.idle_bytes(),
          .nodes = tree_.nodes(),
          .states = tree_.states()};
}

}  // namespace deskhand
