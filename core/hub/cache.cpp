#include "core/hub/cache.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <system_error>

namespace deskhand {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view folder_prefix = "models--";

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

std::string trimmed(std::string text) {
  const auto is_space = [](unsigned char c) { return c <= ' '; };
  text.erase(text.begin(), std::find_if_not(text.begin(), text.end(), is_space));
  text.erase(std::find_if_not(text.rbegin(), text.rend(), is_space).base(), text.end());
  return text;
}

std::string small_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text(4096, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(in.gcount()));
  return trimmed(text);
}

/// A name beside `path` that no other process uses.
fs::path scratch_name(const fs::path& path) {
  return path.parent_path() / fmt::format(".{}.{}.new", path.filename().string(), ::getpid());
}

std::string repository_of(const std::string& folder) {
  if (!folder.starts_with(folder_prefix)) return {};
  const std::string name = folder.substr(folder_prefix.size());
  const size_t joint = name.find("--");
  if (joint == std::string::npos) return {};
  return fmt::format("{}/{}", name.substr(0, joint), name.substr(joint + 2));
}

}  // namespace

fs::path hugging_face_home() {
  if (const std::string home = variable("HF_HOME"); !home.empty()) return home;
  if (const std::string cache = variable("XDG_CACHE_HOME"); !cache.empty()) return fs::path(cache) / "huggingface";
  const std::string home = variable("HOME");
  return fs::path(home.empty() ? "/" : home) / ".cache" / "huggingface";
}

std::string hugging_face_token() {
  for (const char* name : {"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"}) {
    if (std::string token = trimmed(variable(name)); !token.empty()) return token;
  }
  const std::string path = variable("HF_TOKEN_PATH");
  return small_file(path.empty() ? hugging_face_home() / "token" : fs::path(path));
}

HubCache HubCache::of_user() {
  for (const char* name : {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"}) {
    if (const std::string folder = variable(name); !folder.empty()) return HubCache(folder);
  }
  return HubCache(hugging_face_home() / "hub");
}

fs::path HubCache::repository_folder(const std::string& repository) const {
  const size_t slash = repository.find('/');
  return folder_ / fmt::format("{}{}--{}", folder_prefix, repository.substr(0, slash), repository.substr(slash + 1));
}

fs::path HubCache::snapshot(const std::string& repository, const std::string& commit) const {
  return repository_folder(repository) / "snapshots" / commit;
}

fs::path HubCache::file(const std::string& repository, const std::string& commit, const std::string& path) const {
  return snapshot(repository, commit) / path;
}

fs::path HubCache::blob(const std::string& repository, const std::string& hash) const {
  return repository_folder(repository) / "blobs" / hash;
}

fs::path HubCache::lock(const std::string& repository, const std::string& hash) const {
  return folder_ / ".locks" / repository_folder(repository).filename() / (hash + ".lock");
}

std::optional<std::string> HubCache::commit(const std::string& repository, const std::string& revision) const {
  const std::string text = small_file(repository_folder(repository) / "refs" / revision);
  if (is_commit(text)) return text;
  if (is_commit(revision)) return revision;
  return std::nullopt;
}

void HubCache::set_commit(const std::string& repository, const std::string& revision, const std::string& commit) const {
  if (revision == commit) return;
  const fs::path path = repository_folder(repository) / "refs" / revision, fresh = scratch_name(path);
  fs::create_directories(path.parent_path());
  std::ofstream(fresh, std::ios::binary | std::ios::trunc) << commit;
  fs::rename(fresh, path);
}

void HubCache::link(const std::string& repository, const std::string& commit, const std::string& path,
                    const std::string& hash) const {
  if (!is_safe_path(path)) throw HubError(fmt::format("{}: the file name '{}' leads out of it", repository, path));
  const fs::path link = file(repository, commit, path);
  // What stands in the way may be a link to somewhere else.
  fs::path folder = snapshot(repository, commit);
  fs::create_directories(folder);
  for (const fs::path& part : fs::path(path).parent_path()) {
    folder /= part;
    fs::create_directory(folder);
    if (!fs::is_directory(fs::symlink_status(folder))) {
      throw HubError(fmt::format("{}: expected a folder, found a link or a file", folder.string()));
    }
  }
  const fs::path target = blob(repository, hash), fresh = scratch_name(link);
  std::error_code ignored;
  fs::remove(fresh, ignored);
  fs::create_symlink(fs::relative(fs::absolute(target), fs::absolute(folder)), fresh);
  fs::rename(fresh, link);
}

std::vector<std::string> HubCache::repositories() const {
  std::vector<std::string> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_, error)) {
    const std::string repository = repository_of(entry.path().filename().string());
    if (!repository.empty() && entry.is_directory(error)) found.push_back(repository);
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<std::string> HubCache::revisions(const std::string& repository) const {
  std::vector<std::string> found;
  const fs::path refs = repository_folder(repository) / "refs";
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(refs, error)) {
    if (!entry.is_regular_file(error) || entry.path().filename().string().ends_with(".new")) continue;
    found.push_back(entry.path().lexically_relative(refs).string());
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<std::string> HubCache::files(const std::string& repository, const std::string& commit) const {
  std::vector<std::string> found;
  const fs::path folder = snapshot(repository, commit);
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(folder, error)) {
    if (entry.is_regular_file(error)) found.push_back(entry.path().lexically_relative(folder).string());
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace deskhand
