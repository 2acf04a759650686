#include "core/kv/prefix_store.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>

#include "platform/digest.h"

namespace deskhand {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view magic = "deskhand prefix 1\n";
constexpr int64_t least_pages = 2;
constexpr size_t most_bytes = size_t{1} << 29;
constexpr size_t most_files = 8;
constexpr size_t digest_digits = 64;

std::string digest_of(std::string_view bytes) {
  Digest digest(Digest::Kind::sha256);
  digest.add(bytes);
  return digest.hex();
}

std::string_view bytes_of(std::span<const int32_t> ids) {
  return {reinterpret_cast<const char*>(ids.data()), ids.size_bytes()};
}

void put(std::string& out, int64_t number) {
  out.append(reinterpret_cast<const char*>(&number), sizeof(number));
}

/// Takes parts off the front; `failed` once something is missing.
struct Reader {
  std::string_view rest;
  bool failed = false;

  std::string_view take(size_t size) {
    if (size > rest.size()) failed = true;
    if (failed) return {};
    const std::string_view out = rest.substr(0, size);
    rest.remove_prefix(size);
    return out;
  }
  int64_t number() {
    int64_t out = 0;
    if (const std::string_view bytes = take(sizeof(out)); !bytes.empty()) std::memcpy(&out, bytes.data(), sizeof(out));
    return out;
  }
};

bool write_all(const fs::path& path, std::string_view bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  std::error_code failed;
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write, failed);
  if (failed) return false;
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  return file.good();
}

std::string read_all(const fs::path& path) {
  std::error_code none;
  if (!fs::is_regular_file(path, none) || fs::file_size(path, none) > most_bytes) return {};
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

PrefixStore::PrefixStore(fs::path folder, std::string key, KvCache& cache)
    : folder_(std::move(folder)), key_(std::move(key)), cache_(cache) {
  const KvPlan& plan = cache_.plan();
  for (const KvPlan::Group& group : plan.groups()) key_ += fmt::format(" {}/{}", group.window, group.page_bytes);
  key_ += fmt::format(" {}", plan.state_bytes());
}

fs::path PrefixStore::file_of(std::span<const int32_t> ids) const {
  const std::string first(bytes_of(ids.first(static_cast<size_t>(KvPlan::page_tokens))));
  return folder_ / (digest_of(key_ + first) + ".kv");
}

int64_t PrefixStore::load(std::span<const int32_t> ids) {
  if (static_cast<int64_t>(ids.size()) < least_pages * KvPlan::page_tokens) return 0;
  const fs::path path = file_of(ids);
  const std::scoped_lock lock(mutex_);
  const auto [held, first_time] = held_.try_emplace(path.string());
  if (!first_time) return 0;
  const std::string bytes = read_all(path);
  if (bytes.size() < digest_digits) return 0;
  const std::string_view content = std::string_view(bytes).substr(0, bytes.size() - digest_digits);
  const int64_t tokens = digest_of(content) == bytes.substr(content.size()) ? decode(content, held->second) : 0;
  std::error_code none;
  if (tokens == 0) fs::remove(path, none);
  return tokens;
}

int64_t PrefixStore::decode(std::string_view bytes, std::vector<int32_t>& ids) {
  Reader reader{.rest = bytes};
  if (reader.take(magic.size()) != magic) return 0;
  const auto key_size = static_cast<size_t>(reader.number());
  if (key_size != key_.size() || reader.take(key_size) != key_) return 0;
  const int64_t pages = reader.number();
  if (pages < 1 || static_cast<size_t>(pages) > bytes.size()) return 0;
  ids.resize(static_cast<size_t>(pages * KvPlan::page_tokens));
  const std::string_view id_bytes = reader.take(ids.size() * sizeof(int32_t));
  if (reader.failed) return 0;
  std::memcpy(ids.data(), id_bytes.data(), id_bytes.size());

  const std::scoped_lock lock(cache_.mutex_);
  const auto groups = cache_.plan().groups();
  PrefixNode* node = cache_.tree_.root();
  cache_.tree_.hold(node);
  for (int64_t page = 0; page < pages && !reader.failed; ++page) {
    std::vector<PageRef> held(groups.size());
    for (size_t group = 0; group < groups.size(); ++group) {
      if (reader.number() == 0) continue;
      const std::string_view content = reader.take(groups[group].page_bytes);
      if (reader.failed) break;
      held[group] = cache_.pool_.take(group);
      std::memcpy(held[group].data(), content.data(), content.size());
    }
    PageRef state;
    if (reader.number() != 0) {
      const std::string_view content = reader.take(cache_.plan().state_bytes());
      if (!reader.failed) state = cache_.tree_.take_state();
      if (state) std::memcpy(state.data(), content.data(), content.size());
    }
    if (reader.failed) break;
    const auto tokens = std::span(ids).subspan(static_cast<size_t>(page * KvPlan::page_tokens), KvPlan::page_tokens);
    PrefixNode* next = cache_.tree_.insert(node, tokens, held, std::move(state));
    cache_.tree_.hold(next);
    cache_.tree_.release(node);
    node = next;
  }
  cache_.tree_.release(node);
  cache_.tree_.trim();
  return reader.failed ? 0 : pages * KvPlan::page_tokens;
}

std::string PrefixStore::encode(std::span<const int32_t> ids) const {
  const std::scoped_lock lock(cache_.mutex_);
  std::vector<PrefixNode*> chain = cache_.tree_.match(ids);
  const KvPlan& plan = cache_.plan();
  if (plan.state_bytes() > 0) {
    while (!chain.empty() && !chain.back()->state) chain.pop_back();
  }
  const auto pages = static_cast<int64_t>(chain.size());
  if (pages < least_pages) return {};
  std::string out(magic);
  put(out, static_cast<int64_t>(key_.size()));
  out += key_;
  put(out, pages);
  out += bytes_of(ids.first(static_cast<size_t>(pages * KvPlan::page_tokens)));
  for (const PrefixNode* node : chain) {
    for (size_t group = 0; group < plan.groups().size(); ++group) {
      // Of a window only what the next token sees is worth keeping.
      const int64_t window = plan.groups()[group].window;
      const bool seen = window == 0 || node->end() + window > chain.back()->end();
      const PageRef& page = node->pages[group];
      put(out, seen && page ? 1 : 0);
      if (seen && page) out.append(reinterpret_cast<const char*>(page.data()), plan.groups()[group].page_bytes);
    }
    const bool last = node == chain.back() && node->state;
    put(out, last ? 1 : 0);
    if (last) out.append(reinterpret_cast<const char*>(node->state.data()), plan.state_bytes());
    if (out.size() > most_bytes) return {};
  }
  return out;
}

int64_t PrefixStore::save(std::span<const int32_t> ids) {
  const int64_t pages = static_cast<int64_t>(ids.size()) / KvPlan::page_tokens;
  if (pages < least_pages) return 0;
  const fs::path path = file_of(ids);
  const std::scoped_lock lock(mutex_);
  const auto whole = ids.first(static_cast<size_t>(pages * KvPlan::page_tokens));
  std::vector<int32_t>& held = held_[path.string()];
  if (std::equal(held.begin(), held.end(), whole.begin(), whole.end())) return 0;
  std::error_code failed;
  std::string bytes = encode(whole);
  if (bytes.empty()) return 0;
  bytes += digest_of(bytes);
  fs::create_directories(folder_, failed);
  fs::permissions(folder_, fs::perms::owner_all, failed);
  const fs::path part = path.string() + fmt::format(".{}.part", getpid());
  if (write_all(part, bytes)) {
    fs::rename(part, path, failed);
  } else {
    failed = std::make_error_code(std::errc::io_error);
  }
  if (failed) {
    fs::remove(part, failed);
    return 0;
  }
  remove_old_files();
  held.assign(whole.begin(), whole.end());
  return pages * KvPlan::page_tokens;
}

void PrefixStore::remove_old_files() const {
  std::error_code none;
  std::vector<std::pair<fs::file_time_type, fs::path>> files;
  for (const auto& entry : fs::directory_iterator(folder_, none)) {
    if (entry.path().extension() == ".kv") files.emplace_back(entry.last_write_time(none), entry.path());
  }
  std::sort(files.rbegin(), files.rend());
  for (size_t i = most_files; i < files.size(); ++i) fs::remove(files[i].second, none);
}

}  // namespace deskhand
