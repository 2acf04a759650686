#pragma once
// The models of the cache.
//
//   for (const CachedModel& model : cached_models(HubCache::of_user())) …     // "hf:org/name:model-q8_0.gguf", path

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/hub/cache.h"

namespace deskhand {

struct CachedModel {
  std::string reference;       ///< what -m takes
  std::filesystem::path path;  ///< a GGUF file or a folder
  uint64_t bytes = 0;          ///< of the weights
  std::string license;         ///< as the model card in the cache says
};

/// Those of every branch and tag, by name.
std::vector<CachedModel> cached_models(const HubCache& cache);

/// "license" of the front matter of a model card; empty when it does not say.
std::string license_of_card(const std::filesystem::path& readme);

}  // namespace deskhand
