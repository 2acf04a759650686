#pragma once
// A model from a hub into the cache, and from the cache to a path.
//
//   HubPull pull(HubServer::of_user(), HubCache::of_user());
//   const PullPlan plan = pull.plan(HubReference::parse("hf:org/name:Q4_K_M"), stop);   // files, sizes, licence
//   const std::filesystem::path model = pull.run(plan, on_progress, stop);
//   cached_model(plan.reference, HubCache::of_user()) == model;                        // from now on, offline
//
// Throws HubError, NotEnoughDisk, HttpStopped.

#include <functional>

#include "core/hub/download.h"

namespace deskhand {

struct PullPlan {
  HubReference reference;
  HubRepository repository = {};
  std::vector<HubFile> files = {};
  std::string model = {};      ///< path of the GGUF file; empty: the folder is the model
  uint64_t bytes = 0;          ///< of all files
  uint64_t missing_bytes = 0;  ///< still to be downloaded
};

struct PullProgress {
  const HubFile& file;
  uint64_t file_bytes = 0;
  uint64_t bytes = 0;  ///< of all files
};

class HubPull {
 public:
  HubPull(HubServer server, HubCache cache) : client_(std::move(server)), cache_(std::move(cache)) {}

  /// Asks the hub; downloads nothing.
  PullPlan plan(const HubReference& reference, std::stop_token stop);
  /// The model's path: a file or a folder of the snapshot.
  std::filesystem::path run(const PullPlan& plan, const std::function<void(const PullProgress&)>& on_progress,
                            std::stop_token stop);

 private:
  HubClient client_;
  HubCache cache_;
};

/// A GGUF file or a folder of the cache. HubError naming the pull command when it is not there.
std::filesystem::path cached_model(const HubReference& reference, const HubCache& cache);

}  // namespace deskhand
