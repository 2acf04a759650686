#pragma once
// How much of what was asked for was known already.
//
//   KvCacheStats stats = engine->cache_stats();      stats.reused / stats.asked

#include <cstddef>
#include <cstdint>

namespace deskhand {

struct KvCacheStats {
  int64_t asked = 0;      ///< tokens of prompts so far
  int64_t reused = 0;     ///< of these, not computed
  size_t bytes = 0;       ///< of all pages, states and pictures
  size_t idle_bytes = 0;  ///< of those that only wait to be used again
  size_t nodes = 0;       ///< of the prefix tree
  size_t states = 0;      ///< saved states of recurrent layers
};

}  // namespace deskhand
