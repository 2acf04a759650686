#pragma once
// A file that appears under its name as a whole, or not at all.
//
//   NewFile file("model-q8_0.gguf");
//   file.write(bytes);
//   file.finish();                    // flushed to disk, then renamed: a file or link of that name is replaced
//
// Until then the bytes lie beside it in a hidden file of a name that nobody else has, which is gone when finish() is
// not reached. Two at once do not mix: the last to finish stays. The mode is what umask gives. Throws
// NotEnoughDisk, std::system_error.

#include <filesystem>
#include <string>
#include <string_view>

namespace deskhand {

class NewFile {
 public:
  explicit NewFile(std::filesystem::path path);
  ~NewFile();
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  void write(std::string_view bytes);
  void finish();

 private:
  std::filesystem::path path_, part_;
  int file_ = -1;
};

/// Why no file can be put there ("is a directory"); empty when one can. Links are followed, regular files replaced.
std::string obstacle_at(const std::filesystem::path& path);

}  // namespace deskhand
