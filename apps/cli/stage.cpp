#include "apps/cli/stage.h"

#include <cstdlib>

#include "apps/cli/command.h"

namespace deskhand {

std::vector<std::string> split_words(const std::string& line) {
  std::vector<std::string> words;
  bool in_word = false;
  char quote = 0;
  for (const char c : line) {
    if (quote == 0 && (c == '\'' || c == '"')) {
      quote = c;
    } else if (c == quote) {
      quote = 0;
      continue;
    } else if (quote == 0 && c == ' ') {
      in_word = false;
      continue;
    } else {
      if (!in_word) words.emplace_back();
      in_word = true;
      words.back() += c;
      continue;
    }
    if (!in_word) words.emplace_back();
    in_word = true;
  }
  if (quote != 0) throw UsageError("'" + line + "': a quote is not closed");
  return words;
}

Stage::Stage(const StageOptions& options) : display_(options.display) {
  if (!options.private_display) {
    if (!options.programs.empty())
      throw UsageError("--app starts programs on a private display; give --new-display too");
    return;
  }
  if (!options.display.empty()) throw UsageError("--display and --new-display exclude each other");
  private_ = std::make_unique<PrivateDisplay>(PrivateDisplayOptions{});
  // The accessibility library finds its bus through the environment of this process.
  setenv("DBUS_SESSION_BUS_ADDRESS", private_->session_bus().c_str(), 1);
  for (const std::string& program : options.programs) {
    const std::vector<std::string> argv = split_words(program);
    if (argv.empty()) throw UsageError("--app: expected a program");
    programs_.push_back(std::make_unique<Process>(ProcessOptions{
        .argv = argv, .environment = private_->environment(), .output = Stream::null, .error = Stream::null}));
  }
}

X11Options Stage::x11() const {
  return private_ ? private_->x11_options() : X11Options{.display = display_};
}

}  // namespace deskhand
