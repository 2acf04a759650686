#include "core/strict_json.h"

#include <fmt/format.h>

#include <cstdint>
#include <set>
#include <system_error>
#include <vector>

#include "core/mapped_file.h"
#include "core/metadata.h"

namespace deskhand {
namespace {

template <class json>
json parse_strictly(std::string_view text, std::string_view what, size_t most_keys) {
  constexpr int most_levels = 64;
  std::vector<std::set<std::string>> keys;  // of the objects that are open
  const auto check = [&](int depth, typename json::parse_event_t event, json& parsed) {
    if (depth > most_levels) throw ModelFileError(fmt::format("{}: nests deeper than {} levels", what, most_levels));
    if (event == json::parse_event_t::object_start) keys.emplace_back();
    if (event == json::parse_event_t::object_end) keys.pop_back();
    if (event == json::parse_event_t::key && keys.back().size() == most_keys) {
      throw ModelFileError(fmt::format("{}: an object has more than {} keys", what, most_keys));
    }
    if (event == json::parse_event_t::key && !keys.back().insert(parsed.template get<std::string>()).second) {
      throw ModelFileError(
          fmt::format("{}: key '{}' appears twice", what, one_line(parsed.template get<std::string>())));
    }
    return true;
  };
  try {
    return json::parse(text, check);
  } catch (const typename json::parse_error& error) {
    throw ModelFileError(fmt::format("{}: no JSON at byte {}", what, error.byte));
  } catch (const typename json::exception&) {
    throw ModelFileError(fmt::format("{}: a number is out of range", what));
  }
}

}  // namespace

nlohmann::json parse_json(std::string_view text, std::string_view what) {
  return parse_strictly<nlohmann::json>(text, what, SIZE_MAX);
}

nlohmann::ordered_json parse_ordered_json(std::string_view text, std::string_view what) {
  constexpr size_t most_keys = 4096;  // each is looked for among all before it
  return parse_strictly<nlohmann::ordered_json>(text, what, most_keys);
}

nlohmann::json read_json_file(const std::filesystem::path& path, size_t most_bytes) {
  try {
    const auto file = MappedFile::open(path);
    const std::span<const std::byte> bytes = file->bytes();
    if (bytes.size() > most_bytes) {
      throw ModelFileError(
          fmt::format("{}: has {} bytes, at most {} are read", path.string(), bytes.size(), most_bytes));
    }
    return parse_json({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path.string());
  } catch (const std::system_error& error) {
    throw ModelFileError(error.what());
  }
}

}  // namespace deskhand
