#include "core/hub/listing.h"

#include <algorithm>
#include <fstream>

#include "core/hub/selection.h"
#include "core/metadata.h"

namespace deskhand {
namespace fs = std::filesystem;
namespace {

std::string unquoted(std::string_view text) {
  const auto strip = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '"' || c == '\''; };
  while (!text.empty() && strip(text.front())) text.remove_prefix(1);
  while (!text.empty() && strip(text.back())) text.remove_suffix(1);
  return one_line(text);
}

uint64_t size_of(const fs::path& path) {
  std::error_code error;
  const uint64_t size = fs::file_size(path, error);
  return error ? 0 : size;
}

/// The models of one snapshot: each GGUF file, else the folder.
void add_snapshot(const HubCache& cache, const HubReference& base, const std::string& commit,
                  std::vector<CachedModel>& out) {
  const std::vector<std::string> paths = cache.files(base.repository, commit);
  const fs::path folder = cache.snapshot(base.repository, commit);
  const std::string license = license_of_card(folder / "README.md");
  uint64_t weights = 0;
  bool has_config = false, has_gguf = false;
  for (const std::string& path : paths) {
    if (path.ends_with(".safetensors")) weights += size_of(folder / path);
    has_config = has_config || path == "config.json";
    if (!path.ends_with(".gguf") || is_projector(path)) continue;
    has_gguf = true;
    HubReference reference = base;
    reference.part = path;
    out.push_back(
        {.reference = reference.text(), .path = folder / path, .bytes = size_of(folder / path), .license = license});
  }
  if (!has_gguf && has_config && weights > 0) {
    out.push_back({.reference = base.text(), .path = folder, .bytes = weights, .license = license});
  }
}

}  // namespace

std::vector<CachedModel> cached_models(const HubCache& cache) {
  std::vector<CachedModel> out;
  for (const std::string& repository : cache.repositories()) {
    for (const std::string& revision : cache.revisions(repository)) {
      const auto commit = cache.commit(repository, revision);
      if (commit) add_snapshot(cache, {.repository = repository, .revision = revision}, *commit, out);
    }
  }
  return out;
}

std::string license_of_card(const fs::path& readme) {
  std::ifstream in(readme);
  std::string line;
  if (!std::getline(in, line) || !line.starts_with("---")) return {};
  std::string license, name;
  for (int lines = 0; lines < 1000 && std::getline(in, line) && !line.starts_with("---"); ++lines) {
    if (line.starts_with("license:")) license = unquoted(std::string_view(line).substr(8));
    if (line.starts_with("license_name:")) name = unquoted(std::string_view(line).substr(13));
  }
  return license == "other" && !name.empty() ? name : license;
}

}  // namespace deskhand
