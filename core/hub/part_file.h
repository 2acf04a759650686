#pragma once
// A file that is being downloaded: appended to, hashed on the way, given its name at the end.
//
//   PartFile part(path, "", Digest::Kind::sha256);      // what an earlier run left is read and hashed
//   part.append(bytes);
//   if (part.hash() == expected) part.become(final_path);

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "platform/digest.h"

namespace deskhand {

class PartFile {
 public:
  /// `prefix` is hashed before the content. Throws std::system_error.
  PartFile(std::filesystem::path path, std::string prefix, Digest::Kind kind);
  ~PartFile();
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;

  uint64_t size() const { return size_; }
  /// Throws NotEnoughDisk, std::system_error.
  void append(std::string_view bytes);
  void clear();
  /// Of prefix and content. Once, unless cleared.
  std::string hash();
  /// Writes everything to disk and renames.
  void become(const std::filesystem::path& path);
  void remove();

 private:
  void hash_content();
  [[noreturn]] void fail(const char* what) const;

  std::filesystem::path path_;
  std::string prefix_;
  Digest::Kind kind_;
  Digest digest_;
  int file_ = -1;
  uint64_t size_ = 0;
};

/// Holds a lock file: no other process has it at the same time.
class FileLock {
 public:
  explicit FileLock(const std::filesystem::path& path);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  /// False at once when somebody else holds it.
  bool try_lock();

 private:
  std::filesystem::path path_;
  int file_ = -1;
};

}  // namespace deskhand
