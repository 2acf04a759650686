#include "apps/cli/terminal_user.h"

#include <fmt/format.h>

#include "apps/cli/printable.h"

namespace deskhand {

TerminalUser::TerminalUser(CommandContext& context) : context_(context) {
  if (context.in_is_terminal) reader_.emplace("", context.stop);
}

bool TerminalUser::yes(const std::string& question) {
  if (!reader_) return false;
  while (true) {
    const std::optional<std::string> line = reader_->read(question + " [y/N] ");
    if (!line || line->empty() || *line == "n" || *line == "N" || *line == "no") return false;
    if (*line == "y" || *line == "Y" || *line == "yes") return true;
    context_.err << "y or n\n" << std::flush;
  }
}

bool TerminalUser::confirm(const Confirmation& confirmation, std::stop_token) {
  context_.err << fmt::format("{}\n  because {}\n", printable(confirmation.action), printable(confirmation.reason))
               << std::flush;
  return yes("allow it?");
}

bool TerminalUser::hand_off(const Confirmation& confirmation, std::stop_token) {
  context_.err << fmt::format("please do this yourself: {}\n  because {}\n", printable(confirmation.action),
                              printable(confirmation.reason))
               << std::flush;
  return yes("is it done?");
}

std::optional<std::string> TerminalUser::ask(const std::string& question, std::stop_token) {
  context_.err << printable(question) << "\n" << std::flush;
  if (!reader_) return std::nullopt;
  return reader_->read("your answer: ");
}

}  // namespace deskhand
