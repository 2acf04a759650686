#include <fmt/format.h>
#include <fmt/ranges.h>

#include "apps/cli/completions.h"

namespace deskhand {
namespace {

std::string offer(const OptionView& option) {
  switch (option.kind) {
    case ValueKind::none:
      return "";
    case ValueKind::file:
      return "file";
    case ValueKind::folder:
      return "folder";
    case ValueKind::command:
      return "command";
    case ValueKind::choice:
      return fmt::format("choice {}", fmt::join(option.choices, " "));
    case ValueKind::other:
      return "other";
  }
  return "";
}

std::string values(const CommandView& command) {
  std::string out;
  for (const OptionView& option : command.options) {
    if (option.kind == ValueKind::none) continue;
    std::string patterns;
    for (const std::string& name : option.names) {
      patterns += fmt::format("{}'{} {}'", patterns.empty() ? "" : " | ", command.path, name);
    }
    out += fmt::format("    {}) value='{}' ;;\n", patterns, offer(option));
  }
  for (const CommandView& sub : command.commands) out += values(sub);
  return out;
}

std::string words(const CommandView& command) {
  std::string names, options, arguments;
  for (const CommandView& sub : command.commands) names += (names.empty() ? "" : " ") + sub.name;
  for (const OptionView& option : command.options) {
    options += fmt::format("{}{}", options.empty() ? "" : " ", fmt::join(option.names, " "));
  }
  for (const OptionView& argument : command.arguments) arguments += fmt::format(" '{}'", offer(argument));
  std::string out = fmt::format("    '{}') commands='{}' options='{}' arguments=({}) ;;\n", command.path, names,
                                options, arguments.empty() ? "" : arguments.substr(1));
  for (const CommandView& sub : command.commands) out += words(sub);
  return out;
}

constexpr std::string_view walk = R"(
# Offers what $1 says, in COMPREPLY or by readline's own completion of file names.
_deskhand_offer() {
  case $1 in
    file) compopt -o default ;;
    folder) compopt -o dirnames ;;
    command) mapfile -t COMPREPLY < <(compgen -c -- "$cur") ;;
    choice) mapfile -t COMPREPLY < <(compgen -W "${*:2}" -- "$cur") ;;
  esac
}

_deskhand() {
  local cur=${COMP_WORDS[COMP_CWORD]} command=deskhand given=0 plain= expecting= value= commands= options= word i
  local -a arguments=()
  COMPREPLY=()
  _deskhand_words "$command"
  for ((i = 1; i < COMP_CWORD; ++i)); do
    word=${COMP_WORDS[i]}
    if [[ -n $expecting ]]; then
      [[ $word == '=' ]] || expecting=
    elif [[ -n $plain || $word != -* ]]; then
      if [[ -z $plain && " $commands " == *" $word "* ]]; then
        command="$command $word"
        _deskhand_words "$command"
      else
        ((++given))
      fi
    elif [[ $word == -- ]]; then
      plain=yes
    else
      _deskhand_value "$command" "$word"
      [[ -z $value ]] || expecting=$value
    fi
  done
  [[ $cur != '=' ]] || cur=
  if [[ -n $expecting ]]; then
    # shellcheck disable=SC2086  # kind and choices are words
    _deskhand_offer $expecting
  elif [[ -z $plain && $cur == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
  elif [[ -n $commands ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$cur")
  elif ((given < ${#arguments[@]})); then
    # shellcheck disable=SC2086
    _deskhand_offer ${arguments[given]}
  fi
}

complete -F _deskhand deskhand
)";

}  // namespace

std::string bash_completions(const CommandView& program) {
  return fmt::format(
      "# bash completion for deskhand\n\n"
      "# What follows option $2 of command $1.\n_deskhand_value() {{\n  value=\n  case \"$1 $2\" in\n{}  esac\n}}\n\n"
      "# The commands, options and arguments of command $1.\n_deskhand_words() {{\n  case $1 in\n{}  esac\n}}\n{}",
      values(program), words(program), walk);
}

}  // namespace deskhand
