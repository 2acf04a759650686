#pragma once
// Bytes as a file that can be opened by name and never touches a disk.
//
//   const MemoryPath file(bytes);
//   GgufFile::open(file.path());

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <span>
#include <stdexcept>
#include <string>

namespace deskhand::fuzz {

class MemoryPath {
 public:
  explicit MemoryPath(std::span<const uint8_t> bytes) : descriptor_(::memfd_create("fuzz", MFD_CLOEXEC)) {
    if (descriptor_ < 0) throw std::runtime_error("no file in memory");
    for (size_t done = 0; done < bytes.size();) {
      const ssize_t wrote = ::write(descriptor_, bytes.data() + done, bytes.size() - done);
      if (wrote <= 0) throw std::runtime_error("cannot write a file in memory");
      done += static_cast<size_t>(wrote);
    }
  }
  ~MemoryPath() { ::close(descriptor_); }
  MemoryPath(const MemoryPath&) = delete;
  MemoryPath& operator=(const MemoryPath&) = delete;

  std::filesystem::path path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

}  // namespace deskhand::fuzz
