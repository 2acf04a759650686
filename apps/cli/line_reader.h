#pragma once
// Reads lines from the user: with editing and history on a terminal, plain otherwise. Ctrl-C ends a read.
//
//   LineReader reader(data_folder() / "chat_history", context.stop);
//   while (std::optional<std::string> line = reader.read("> ")) …

#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

namespace deskhand {

class LineReader {
 public:
  /// An empty history path keeps no history on disk.
  LineReader(const std::filesystem::path& history, std::stop_token stop);
  ~LineReader();
  LineReader(const LineReader&) = delete;

  /// A line without its end; nothing at the end of input or when stopped.
  std::optional<std::string> read(const std::string& prompt);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace deskhand
