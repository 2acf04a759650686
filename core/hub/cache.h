#pragma once
// The cache that Hugging Face programs share: $HF_HUB_CACHE, else $HF_HOME/hub, else ~/.cache/huggingface/hub.
//
//   HubCache cache = HubCache::of_user();
//   cache.commit("Qwen/Qwen2.5-0.5B", "main")                       // what refs/main says, or nothing
//   cache.file("Qwen/Qwen2.5-0.5B", commit, "config.json")          // models--Qwen--…/snapshots/COMMIT/config.json
//
// A snapshot is a folder of links to blobs, which are named by their hash. Files get their names when they are whole
// and never change afterwards; refs are written last.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/hub/reference.h"

namespace deskhand {

class HubCache {
 public:
  explicit HubCache(std::filesystem::path folder) : folder_(std::move(folder)) {}
  static HubCache of_user();

  const std::filesystem::path& folder() const { return folder_; }
  std::filesystem::path repository_folder(const std::string& repository) const;
  std::filesystem::path snapshot(const std::string& repository, const std::string& commit) const;
  std::filesystem::path file(const std::string& repository, const std::string& commit, const std::string& path) const;
  std::filesystem::path blob(const std::string& repository, const std::string& hash) const;
  std::filesystem::path lock(const std::string& repository, const std::string& hash) const;

  /// The commit of a branch or tag as it was when last asked for; a commit is itself.
  std::optional<std::string> commit(const std::string& repository, const std::string& revision) const;
  void set_commit(const std::string& repository, const std::string& revision, const std::string& commit) const;
  /// Lets the snapshot's file point to the blob, which must exist.
  void link(const std::string& repository, const std::string& commit, const std::string& path,
            const std::string& hash) const;

  /// All repositories, sorted.
  std::vector<std::string> repositories() const;
  /// Branches and tags with a commit, sorted.
  std::vector<std::string> revisions(const std::string& repository) const;
  /// Paths of the files of a snapshot whose blobs are there, sorted.
  std::vector<std::string> files(const std::string& repository, const std::string& commit) const;

 private:
  std::filesystem::path folder_;
};

/// "~/.cache/huggingface", or as HF_HOME and XDG_CACHE_HOME say.
std::filesystem::path hugging_face_home();
/// $HF_TOKEN, else what the usual token file holds; empty without one.
std::string hugging_face_token();

}  // namespace deskhand
