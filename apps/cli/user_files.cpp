#include "apps/cli/user_files.h"

#include <fmt/format.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <system_error>

#include "apps/cli/command.h"
#include "core/new_file.h"
#include "core/whole_file.h"

namespace deskhand {
namespace fs = std::filesystem;
namespace {

fs::path xdg_folder(const char* variable, const char* below_home) {
  if (const char* value = std::getenv(variable); value != nullptr && value[0] == '/')
    return fs::path(value) / "deskhand";
  const char* home = std::getenv("HOME");
  return fs::path(home != nullptr ? home : "/") / below_home / "deskhand";
}

}  // namespace

fs::path config_folder() {
  return xdg_folder("XDG_CONFIG_HOME", ".config");
}
fs::path data_folder() {
  return xdg_folder("XDG_DATA_HOME", ".local/share");
}
fs::path cache_folder() {
  return xdg_folder("XDG_CACHE_HOME", ".cache");
}
fs::path config_file() {
  return config_folder() / "config.json";
}

std::string read_text_file(const fs::path& path) {
  try {
    return read_whole_file(path);
  } catch (const std::system_error& error) {
    throw FileError(error.what());
  }
}

void write_file(const fs::path& path, std::string_view bytes) {
  if (const std::string obstacle = obstacle_at(path); !obstacle.empty()) {
    throw FileError(fmt::format("'{}' {}, expected a file to write or replace", path.string(), obstacle));
  }
  try {
    NewFile file(path);
    file.write(bytes);
    file.finish();
  } catch (const std::system_error& error) {
    throw FileError(error.what());
  }
}

std::optional<std::string> config_text(const std::string& key) {
  const fs::path path = config_file();
  if (!fs::exists(path)) return std::nullopt;
  const auto config = nlohmann::json::parse(read_text_file(path), nullptr, false, true);
  if (!config.is_object()) throw FileError(fmt::format("{}: expected a JSON object (comments allowed)", path.string()));
  const auto found = config.find(key);
  if (found == config.end()) return std::nullopt;
  if (!found->is_string()) {
    throw FileError(fmt::format("{}: \"{}\": expected a text, got {}", path.string(), key, found->dump()));
  }
  return found->get<std::string>();
}

}  // namespace deskhand
