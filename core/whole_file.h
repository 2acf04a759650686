#pragma once
// All bytes of a file, or why there are none.
//
//   std::string text = read_whole_file("policy.json");
//
// Throws std::system_error "PATH cannot be read: …", for directories too, and for what is larger than `most_bytes`.

#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <string>

namespace deskhand {

std::string read_whole_file(const std::filesystem::path& path, size_t most_bytes = size_t{1} << 30);
/// What a stream still has; `name` is its name in errors.
std::string read_whole_stream(std::FILE& stream, const std::filesystem::path& name, size_t most_bytes);

}  // namespace deskhand
