#include <fmt/format.h>
#include <fmt/ranges.h>

#include "apps/cli/completions.h"

namespace deskhand {
namespace {

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

// What comes after an option, or stands as an argument.
std::string offer(const OptionView& option) {
  const std::string exclusive = option.names.empty() ? " -f" : " -x";
  switch (option.kind) {
    case ValueKind::none:
      return "";
    case ValueKind::file:
      return option.names.empty() ? " -F" : " -r -F";
    case ValueKind::folder:
      return exclusive + " -a '(__fish_complete_directories)'";
    case ValueKind::command:
      return exclusive + " -a '(__fish_complete_command)'";
    case ValueKind::choice:
      return exclusive + fmt::format(" -a '{}'", fmt::join(option.choices, " "));
    case ValueKind::other:
      return exclusive;
  }
  return "";
}

std::string lines(const CommandView& command, const std::string& words) {
  const std::string at =
      fmt::format("complete -c deskhand -n '__deskhand_at{}{}'", command.commands.empty() ? "" : " --exactly", words);
  std::string out;
  for (const OptionView& option : command.options) {
    out += at;
    for (const std::string& name : option.names) {
      out += name.size() > 2 ? fmt::format(" -l {}", name.substr(2)) : fmt::format(" -s {}", name.substr(1));
    }
    out += offer(option) + " -d " + quoted(option.text) + "\n";
  }
  for (const OptionView& argument : command.arguments) {
    if (argument.kind != ValueKind::other) out += at + offer(argument) + "\n";
  }
  for (const CommandView& sub : command.commands) {
    out += fmt::format("{} -f -a {} -d {}\n", at, sub.name, quoted(sub.summary));
  }
  for (const CommandView& sub : command.commands) out += lines(sub, words + " " + sub.name);
  return out;
}

constexpr std::string_view head = R"(# fish completion for deskhand

# True where the words before the cursor that are no options begin with these; with --exactly, where they are these.
function __deskhand_at
    argparse exactly -- $argv
    set -l given
    for word in (commandline -opc)[2..-1]
        string match -q -- '-*' $word; or set -a given $word
    end
    set -l count (count $argv)
    test (count $given) -ge $count; or return 1
    set -q _flag_exactly; and test (count $given) -ne $count; and return 1
    test $count -eq 0; or test "$given[1..$count]" = "$argv"
end

complete -c deskhand -f
)";

}  // namespace

std::string fish_completions(const CommandView& program) {
  return std::string(head) + lines(program, "");
}

}  // namespace deskhand
