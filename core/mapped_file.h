#pragma once
// A file mapped into memory, read-only.
//
//   std::shared_ptr<const MappedFile> file = MappedFile::open("model.gguf");
//   std::span<const std::byte> bytes = file->bytes();
//
// Pages are read when they are touched and belong to the system's cache. Errors: std::system_error naming the path,
// for what is no regular file too.

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>

namespace deskhand {

class MappedFile {
 public:
  static std::shared_ptr<const MappedFile> open(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return bytes_; }
  const std::filesystem::path& path() const { return path_; }

 private:
  MappedFile(std::filesystem::path path, std::span<const std::byte> bytes) : path_(std::move(path)), bytes_(bytes) {}
  std::filesystem::path path_;
  std::span<const std::byte> bytes_;
};

}  // namespace deskhand
