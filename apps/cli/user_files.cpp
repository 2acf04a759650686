#include "apps/cli/user_files.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "apps/cli/command.h"

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
  std::ifstream in(path, std::ios::binary);
  if (!in) throw FileError(fmt::format("{}: cannot be read: {}", path.string(), std::strerror(errno)));
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (in.bad()) throw FileError(fmt::format("{}: reading failed", path.string()));
  return text;
}

void write_file(const fs::path& path, std::string_view bytes) {
  const fs::path part = path.string() + ".part";
  std::ofstream out(part, std::ios::binary | std::ios::trunc);
  out << bytes << std::flush;
  std::error_code error;
  if (!out) error = {errno, std::generic_category()};
  out.close();
  if (!error) fs::rename(part, path, error);
  if (!error) return;
  std::error_code ignored;
  fs::remove(part, ignored);
  throw FileError(fmt::format("{}: cannot be written: {}", path.string(), error.message()));
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
