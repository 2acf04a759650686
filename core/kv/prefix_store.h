#pragma once
// Prefixes on disk: what a model computed for the text that every conversation of a kind begins with (its instructions,
// its tools), so that the first step of the next run need not compute it again.
//
//   PrefixStore store(folder, "what the numbers depend on", cache);
//   store.load(ids);                    // before the first prompt: now the cache knows a prefix of it, if a file does
//   store.save(ids.first(1500));        // its whole pages, unless a file has them
//
// A file that is damaged, of another model or of another version is no error: it is ignored and replaced. Files are for
// their owner only (0600); the oldest go when there are more than eight.

#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/kv/cache.h"

namespace deskhand {

class PrefixStore {
 public:
  /// `key`: the model file, the number types and the version, in words.
  PrefixStore(std::filesystem::path folder, std::string key, KvCache& cache);

  /// Reads the file that begins as `ids` do, once. Returns the tokens that it held.
  int64_t load(std::span<const int32_t> ids);
  /// Writes the whole pages of `ids`, which a sequence has shared, or those before the last saved state; nothing when
  /// there are fewer than two or a file has them. Returns the tokens written. A full disk or a folder that cannot be
  /// written is no error.
  int64_t save(std::span<const int32_t> ids);

 private:
  std::filesystem::path file_of(std::span<const int32_t> ids) const;
  std::string encode(std::span<const int32_t> ids) const;
  int64_t decode(std::string_view bytes, std::vector<int32_t>& ids);
  void remove_old_files() const;

  std::filesystem::path folder_;
  std::string key_;
  KvCache& cache_;
  std::mutex mutex_;                                  // of what follows
  std::map<std::string, std::vector<int32_t>> held_;  // by path, the ids of files that were read or written
};

}  // namespace deskhand
