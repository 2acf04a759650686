// deskhand completions: what makes a shell complete deskhand's commands, options and values.

#include "apps/cli/completions.h"

#include "apps/cli/command.h"

namespace deskhand {
namespace {

RunCommand define(CLI::App& app) {
  auto shell = std::make_shared<std::string>();
  one_of(app.add_option("SHELL", *shell, "the shell to write for")->required(), {"bash", "zsh", "fish"});
  return [shell, &app](CommandContext& context) {
    const CommandView program = describe(*app.get_parent());
    context.out << (*shell == "bash"  ? bash_completions(program)
                    : *shell == "zsh" ? zsh_completions(program)
                                      : fish_completions(program));
    return ExitStatus::done;
  };
}

}  // namespace

extern const Command command_completions;
const Command command_completions = {
    "completions", "a script that makes your shell complete commands, options and values",
    "  source <(deskhand completions bash)\n"
    "  deskhand completions bash > ~/.local/share/bash-completion/completions/deskhand\n"
    "  deskhand completions zsh > /usr/local/share/zsh/site-functions/_deskhand\n"
    "  deskhand completions fish > ~/.config/fish/completions/deskhand.fish",
    define};

}  // namespace deskhand
