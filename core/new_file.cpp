#include "core/new_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <random>
#include <system_error>

#include "core/disk.h"

namespace deskhand {
namespace fs = std::filesystem;
namespace {

constexpr const char* trouble = "cannot be written";

// Its length does not grow with the file's name, which may be as long as names can be.
fs::path scratch_name(const fs::path& path) {
  std::random_device random;
  return path.parent_path() / fmt::format(".deskhand-{:08x}{:08x}.part", random(), random());
}

}  // namespace

NewFile::NewFile(fs::path path) : path_(std::move(path)) {
  if (const std::string obstacle = obstacle_at(path_); !obstacle.empty()) {
    throw std::system_error(std::make_error_code(std::errc::not_supported),
                            fmt::format("{} {}", path_.string(), obstacle));
  }
  for (int tries = 0; file_ < 0 && tries < 100; ++tries) {
    part_ = scratch_name(path_);
    file_ = ::open(part_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (file_ < 0 && errno != EEXIST) break;
  }
  if (file_ < 0) fail_on_file(path_, errno, trouble);
}

NewFile::~NewFile() {
  if (file_ < 0) return;
  ::close(file_);
  std::error_code ignored;
  fs::remove(part_, ignored);
}

void NewFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(file_, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail_on_file(path_, errno, trouble);
    bytes.remove_prefix(static_cast<size_t>(count));
  }
}

void NewFile::finish() {
  if (::fsync(file_) != 0) fail_on_file(path_, errno, trouble);
  if (::rename(part_.c_str(), path_.c_str()) != 0) fail_on_file(path_, errno, trouble);
  ::close(file_);
  file_ = -1;
}

std::string obstacle_at(const fs::path& path) {
  if (path.empty()) return "is empty";
  if (!path.has_filename()) return "ends in '/'";
  std::error_code ignored;
  switch (fs::status(path, ignored).type()) {
    case fs::file_type::directory:
      return "is a directory";
    case fs::file_type::block:
    case fs::file_type::character:
      return "is a device";
    case fs::file_type::fifo:
      return "is a pipe";
    case fs::file_type::socket:
      return "is a socket";
    default:
      return "";
  }
}

}  // namespace deskhand
