#include "core/whole_file.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

namespace deskhand {
namespace {

struct Closer {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

[[noreturn]] void fail(const std::filesystem::path& path, int error) {
  throw std::system_error(error, std::generic_category(), path.string() + " cannot be read");
}

}  // namespace

std::string read_whole_file(const std::filesystem::path& path, size_t most_bytes) {
  const std::unique_ptr<std::FILE, Closer> file(std::fopen(path.c_str(), "rbe"));
  if (!file) fail(path, errno);
  std::string text;
  std::array<char, size_t{1} << 16> piece;
  // In pieces: a pipe has no size.
  while (const size_t count = std::fread(piece.data(), 1, piece.size(), file.get())) {
    text.append(piece.data(), count);
    if (text.size() > most_bytes) fail(path, EFBIG);
  }
  if (std::ferror(file.get()) != 0) fail(path, errno);
  return text;
}

}  // namespace deskhand
