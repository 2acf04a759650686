#pragma once
// JSON of hostile files: what the parser of nlohmann would let through is refused.
//
//   nlohmann::json config = read_json_file("config.json", 16 << 20);
//
// Throws ModelFileError naming the file: it cannot be read, is larger than `most_bytes`, is no JSON, nests deeper than
// 64 levels, an object has a key twice, or a number does not fit a double.

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string_view>

namespace deskhand {

nlohmann::json read_json_file(const std::filesystem::path& path, size_t most_bytes);

/// The same for text that is at hand; `what` names it in errors.
nlohmann::json parse_json(std::string_view text, std::string_view what);
/// Keys keep their order; an object with more than 4,096 of them is refused.
nlohmann::ordered_json parse_ordered_json(std::string_view text, std::string_view what);

}  // namespace deskhand
