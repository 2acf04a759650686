#pragma once
// The user's own folders (XDG) and the config file.
//
//   config_text("model")            // "/home/me/models/qwen.gguf", or nothing

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace deskhand {

std::filesystem::path config_folder();  ///< $XDG_CONFIG_HOME/deskhand
std::filesystem::path data_folder();    ///< $XDG_DATA_HOME/deskhand
std::filesystem::path cache_folder();   ///< $XDG_CACHE_HOME/deskhand
std::filesystem::path config_file();

/// A text value of the config file (JSON with comments); nothing when the file or the key is absent. Throws FileError.
std::optional<std::string> config_text(const std::string& key);

/// The whole file; throws FileError with the path and the reason.
std::string read_text_file(const std::filesystem::path& path);
/// As a NewFile: nothing is lost half-way and nothing is left over; throws FileError, NotEnoughDisk.
void write_file(const std::filesystem::path& path, std::string_view bytes);

}  // namespace deskhand
