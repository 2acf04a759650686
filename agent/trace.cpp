#include "agent/trace.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "vision/image_io.h"

namespace deskhand {

using nlohmann::ordered_json;

namespace {

const std::string no_hash(64, '0');

std::string text_of(const ordered_json& record) {
  return record.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

[[noreturn]] void fail(const std::filesystem::path& path, const char* what) {
  throw TraceError(fmt::format("{}: {}: {}", path.string(), what, std::strerror(errno)));
}

void write_all(int file, const std::filesystem::path& path, const void* data, size_t size) {
  const char* bytes = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t written = ::write(file, bytes, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) fail(path, "cannot be written");
    bytes += written;
    size -= static_cast<size_t>(written);
  }
}

int create_file(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (file < 0) fail(path, "cannot be made");
  return file;
}

/// Nothing is overwritten, and nothing is written into a folder that others may read.
void make_directory(const std::filesystem::path& directory) {
  std::error_code error;
  if (directory.has_parent_path()) std::filesystem::create_directories(directory.parent_path(), error);
  if (::mkdir(directory.c_str(), 0700) == 0) return;
  if (errno != EEXIST) fail(directory, "cannot be made");
  if (!std::filesystem::is_directory(directory, error))
    throw TraceError(fmt::format("{}: expected a directory for the trace", directory.string()));
  if (!std::filesystem::is_empty(directory, error))
    throw TraceError(fmt::format("{}: expected an empty directory for the trace", directory.string()));
  if (::chmod(directory.c_str(), 0700) != 0) fail(directory, "cannot be closed to others");
}

}  // namespace

std::string sha256(const void* data, size_t size) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  if (EVP_Digest(data, size, digest.data(), &length, EVP_sha256(), nullptr) != 1)
    throw std::runtime_error("libcrypto: SHA-256 failed");
  std::string hex;
  for (unsigned int i = 0; i < length; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

Trace::Trace(std::filesystem::path directory) : directory_(std::move(directory)), last_hash_(no_hash) {
  while (directory_.has_relative_path() && !directory_.has_filename()) directory_ = directory_.parent_path();
  make_directory(directory_);
  file_ = create_file(directory_ / "trace.jsonl");
}

Trace::~Trace() {
  if (file_ >= 0) ::close(file_);
}

void Trace::write(std::string_view type, ordered_json record) {
  using namespace std::chrono;
  ordered_json whole = {{"n", records_},
                        {"type", type},
                        {"time", duration<double>(system_clock::now().time_since_epoch()).count()},
                        {"prev", last_hash_}};
  for (auto& [key, value] : record.items()) whole[key] = std::move(value);
  std::string text = text_of(whole);
  const std::string hash = sha256(text.data(), text.size());
  text.pop_back();  // the brace
  text += fmt::format(",\"hash\":\"{}\"}}\n", hash);
  write_all(file_, directory_ / "trace.jsonl", text.data(), text.size());
  last_hash_ = hash;
  ++records_;
}

ordered_json Trace::picture(const std::string& file, const Image& image) {
  const std::string pixels = sha256(image.data.data(), image.data.size()) + fmt::format("x{}", image.width);
  const auto known = pictures_.find(pixels);
  if (known != pictures_.end()) return known->second;
  const std::vector<uint8_t> png = encode_png(image);
  const std::filesystem::path path = directory_ / file;
  const int out = create_file(path);
  try {
    write_all(out, path, png.data(), png.size());
  } catch (...) {
    ::close(out);
    throw;
  }
  ::close(out);
  return pictures_[pixels] = {{"file", file}, {"sha256", sha256(png.data(), png.size())}};
}

void Trace::begin(const ordered_json& head) {
  write("begin", head);
}

void Trace::thought(const ordered_json& thought) {
  write("thought", thought);
}

void Trace::end(const ordered_json& outcome) {
  write("end", outcome);
}

void Trace::step(const Step& step, const StepPictures& pictures) {
  ordered_json record = {
      {"step", step.number},
      {"action", {{"name", step.action.name}, {"input", step.action.input}, {"text", step.action.text}}},
      {"target", step.target},
      {"verdict", verdict_name(step.verdict)},
      {"reason", step.reason},
      {"executed", step.executed},
      {"ok", step.ok},
      {"result", step.result},
      {"screen_changed", step.changed ? ordered_json(*step.changed) : ordered_json(nullptr)},
      {"observation_ms", step.observation_ms},
      {"think_ms", step.think_ms},
      {"act_ms", step.act_ms}};
  ordered_json files = ordered_json::object();
  const auto add = [&](const char* name, const Image* image) {
    if (image && !image->empty()) files[name] = picture(fmt::format("{:04}-{}.png", step.number, name), *image);
  };
  add("before", pictures.before);
  add("marked", pictures.marked);
  add("after", pictures.after);
  record["pictures"] = std::move(files);
  write("step", std::move(record));
}

}  // namespace deskhand
