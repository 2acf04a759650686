#include "core/hub/part_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <vector>

#include "core/disk.h"

namespace deskhand {

PartFile::PartFile(std::filesystem::path path, std::string prefix, Digest::Kind kind)
    : path_(std::move(path)), prefix_(std::move(prefix)), kind_(kind), digest_(kind) {
  file_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_APPEND, 0666);
  if (file_ < 0) fail("cannot be opened");
  struct stat status {};
  if (::fstat(file_, &status) != 0) fail("cannot be read");
  if (!S_ISREG(status.st_mode)) {
    errno = ENOTSUP;
    fail("is no file");
  }
  digest_.add(prefix_);
  hash_content();
}

PartFile::~PartFile() {
  if (file_ >= 0) ::close(file_);
}

void PartFile::fail(const char* what) const {
  fail_on_file(path_, errno, what);
}

void PartFile::hash_content() {
  std::vector<char> buffer(size_t{1} << 20);
  while (true) {
    const ssize_t count = ::pread(file_, buffer.data(), buffer.size(), static_cast<off_t>(size_));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail("cannot be read");
    if (count == 0) return;
    digest_.add({buffer.data(), static_cast<size_t>(count)});
    size_ += static_cast<uint64_t>(count);
  }
}

void PartFile::append(std::string_view bytes) {
  digest_.add(bytes);
  while (!bytes.empty()) {
    const ssize_t count = ::write(file_, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail("cannot be written");
    bytes.remove_prefix(static_cast<size_t>(count));
    size_ += static_cast<uint64_t>(count);
  }
}

void PartFile::clear() {
  if (::ftruncate(file_, 0) != 0) fail("cannot be emptied");
  size_ = 0;
  digest_ = Digest(kind_);
  digest_.add(prefix_);
}

std::string PartFile::hash() {
  return digest_.hex();
}

void PartFile::become(const std::filesystem::path& path) {
  if (::fsync(file_) != 0) fail("cannot be written");
  std::filesystem::rename(path_, path);
}

void PartFile::remove() {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

FileLock::FileLock(const std::filesystem::path& path) : path_(path) {
  file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
  if (file_ < 0) throw std::system_error(errno, std::generic_category(), path.string() + " cannot be opened");
}

FileLock::~FileLock() {
  ::close(file_);  // unlocks
}

bool FileLock::try_lock() {
  return ::flock(file_, LOCK_EX | LOCK_NB) == 0;
}

}  // namespace deskhand
