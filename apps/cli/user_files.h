#pragma once
// The user's own folders (XDG) and the config file.
//
//   config_text("model")            // "/home/me/models/qwen.gguf", or nothing

#include <filesystem>
#include <optional>
#include <string>

namespace deskhand {

std::filesystem::path config_folder();  ///< $XDG_CONFIG_HOME/deskhand
std::filesystem::path data_folder();    ///< $XDG_DATA_HOME/deskhand
std::filesystem::path config_file();

/// A text value of the config file (JSON with comments); nothing when the file or the key is absent. Throws FileError.
std::optional<std::string> config_text(const std::string& key);

/// The whole file; throws FileError with the path and the reason.
std::string read_text_file(const std::filesystem::path& path);
/// Writes through a temporary file and a rename, so that nothing is lost half-way; throws FileError.
void write_text_file(const std::filesystem::path& path, const std::string& text);

}  // namespace deskhand
