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

std::string read_whole_stream(std::FILE& stream, const std::filesystem::path& name, size_t most_bytes) {
  std::string text;
  std::array<char, size_t{1} << 16> piece;
  // In pieces: a pipe has no size.
  while (const size_t count = std::fread(piece.data(), 1, piece.size(), &stream)) {
    text.append(piece.data(), count);
    if (text.size() > most_bytes) fail(name, EFBIG);
  }
  if (std::ferror(&stream) != 0) fail(name, errno);
  return text;
}

std::string read_whole_file(const std::filesystem::path& path, size_t most_bytes) {
  const std::unique_ptr<std::FILE, Closer> file(std::fopen(path.c_str(), "rbe"));
  if (!file) fail(path, errno);
  return read_whole_stream(*file, path, most_bytes);
}

}  // namespace deskhand
