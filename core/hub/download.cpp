#include "core/hub/download.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <system_error>

#include "core/hub/part_file.h"

namespace deskhand {
namespace fs = std::filesystem;
namespace {

using namespace std::chrono_literals;

constexpr int most_tries = 5;  // without a byte of progress

void wait(std::chrono::milliseconds time, std::stop_token stop) {
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any().wait_for(lock, stop, time, [] { return false; });
  if (stop.stop_requested()) throw HttpStopped();
}

/// The first byte that "bytes 100-199/200" speaks of.
std::optional<uint64_t> range_start(const std::string& content_range) {
  constexpr std::string_view unit = "bytes ";
  if (!content_range.starts_with(unit)) return std::nullopt;
  uint64_t start = 0;
  const char* end = content_range.data() + content_range.size();
  const auto [stop, error] = std::from_chars(content_range.data() + unit.size(), end, start);
  if (error != std::errc() || stop == end || *stop != '-') return std::nullopt;
  return start;
}

}  // namespace

fs::path HubDownload::part(const HubFile& file) const {
  return cache_.blob(repository_.name, file.hash).string() + ".incomplete";
}

bool HubDownload::is_here(const HubFile& file) const {
  std::error_code error;
  const fs::path blob = cache_.blob(repository_.name, file.hash);
  return fs::is_regular_file(blob, error) && fs::file_size(blob, error) == file.bytes;
}

uint64_t HubDownload::begun(const HubFile& file) const {
  std::error_code error;
  const uint64_t size = fs::file_size(part(file), error);
  return error ? 0 : std::min(size, file.bytes);
}

int HubDownload::receive(const HubFile& file, PartFile& part, const OnProgress& on_progress, std::stop_token stop) {
  const auto broken = [&](const std::string& why) {
    throw HubError(fmt::format("hf:{}: {}: {}", repository_.name, file.path, why));
  };
  bool begins = true;
  return client_.get(
      repository_, file, part.size(),
      [&](const HttpResponse& head, std::string_view bytes) {
        if (begins && head.status == 200 && part.size() > 0) part.clear();  // the server does not know ranges
        if (begins && head.status == 206 && range_start(head.header("content-range")) != part.size()) {
          broken(fmt::format("asked for bytes from {} on, got '{}'", part.size(), head.header("content-range")));
        }
        begins = false;
        if (bytes.size() > file.bytes - part.size()) {
          part.remove();
          broken(fmt::format("has more than the {} bytes that the hub's list says", file.bytes));
        }
        part.append(bytes);
        if (on_progress) on_progress(part.size());
      },
      stop);
}

void HubDownload::run(const HubFile& file, const OnProgress& on_progress, std::stop_token stop) {
  const fs::path lock_path = cache_.lock(repository_.name, file.hash), blob = cache_.blob(repository_.name, file.hash);
  fs::create_directories(lock_path.parent_path());
  fs::create_directories(blob.parent_path());
  FileLock lock(lock_path);
  while (!lock.try_lock()) wait(200ms, stop);
  if (is_here(file)) return;
  PartFile part(this->part(file), file.large ? "" : fmt::format("blob {}", file.bytes) + '\0',
                file.large ? Digest::Kind::sha256 : Digest::Kind::sha1);
  if (part.size() > file.bytes) part.clear();
  bool from_before = part.size() > 0;
  uint64_t most = part.size();
  for (int tries = 0;;) {
    std::string trouble = "the connection was closed";
    int status = 200;
    try {
      if (part.size() < file.bytes) status = receive(file, part, on_progress, stop);
    } catch (const HttpError& error) {
      if (!error.may_pass()) throw HubError(fmt::format("hf:{}: {}: {}", repository_.name, file.path, error.what()));
      trouble = error.what();
    }
    if (part.size() < file.bytes) {
      const bool ends_early = status == 416;  // nothing follows what is here
      tries = part.size() > most ? 0 : tries + 1;
      most = std::max(most, part.size());
      if (tries >= most_tries || (ends_early && !from_before)) {
        throw HubError(fmt::format("hf:{}: {}: got {} of {} bytes: {}; run the command again to go on",
                                   repository_.name, file.path, part.size(), file.bytes,
                                   ends_early ? "the server has no more" : trouble));
      }
      if (ends_early) part.clear();
      from_before = from_before && !ends_early;
      wait(200ms * (1 << tries), stop);
      continue;
    }
    const std::string hash = part.hash();
    if (hash == file.hash) break;
    part.clear();
    if (!from_before) {
      part.remove();
      throw HubError(fmt::format("hf:{}: {}: has the {} {}, expected {}; what came is deleted", repository_.name,
                                 file.path, file.large ? "SHA-256" : "SHA-1", hash, file.hash));
    }
    from_before = false;  // what an earlier run left may have been of another file
  }
  part.become(blob);
}

}  // namespace deskhand
