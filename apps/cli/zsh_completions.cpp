#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "apps/cli/completions.h"

namespace deskhand {
namespace {

// Inside single quotes, with the characters in `special` escaped for the completion system.
std::string quoted(const std::string& text, std::string_view special) {
  std::string out;
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
      continue;
    }
    if (c == '\\' || special.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string action(const OptionView& option) {
  switch (option.kind) {
    case ValueKind::file:
      return "_files";
    case ValueKind::folder:
      return "_files -/";
    case ValueKind::command:
      return "_command_names -e";
    case ValueKind::choice:
      return fmt::format("({})", fmt::join(option.choices, " "));
    case ValueKind::none:
    case ValueKind::other:
      break;
  }
  // A message keeps zsh from inserting the only match: never beside the options, as an argument would be.
  return option.names.empty() ? "()" : " ";
}

// One line per name: '(-m --model)--model=[text]:FILE:_files'.
std::string option_specs(const OptionView& option) {
  std::string out;
  for (const std::string& name : option.names) {
    const char* joined = option.kind == ValueKind::none ? "" : name.size() > 2 ? "=" : "+";
    const std::string others = option.repeats ? "*" : fmt::format("({})", fmt::join(option.names, " "));
    out += fmt::format(" \\\n    '{}{}{}[{}]", others, name, joined, quoted(option.text, "[]:"));
    if (option.kind != ValueKind::none) out += fmt::format(":{}:{}", quoted(option.value, ":"), action(option));
    out += "'";
  }
  return out;
}

std::string function_name(const CommandView& command) {
  std::string name = "_" + command.path;
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
}

std::string function_of(const CommandView& command) {
  std::string out;
  for (const CommandView& sub : command.commands) out += function_of(sub);
  const bool root = command.path == command.name;
  out += fmt::format("{}() {{\n  local curcontext=$curcontext state line\n  typeset -A opt_args\n  _arguments -C -s -S",
                     root ? "_deskhand_program" : function_name(command));
  for (const OptionView& option : command.options) out += option_specs(option);
  for (size_t i = 0; i < command.arguments.size(); ++i) {
    const OptionView& argument = command.arguments[i];
    out += fmt::format(" \\\n    '{}:{}:{}'", i + 1, quoted(argument.value, ":"), action(argument));
  }
  if (command.commands.empty()) return out + "\n}\n\n";

  out += " \\\n    '1:command:->command' \\\n    '*::argument:->argument'\n  case $state in\n    command)\n";
  out += "      local -a commands=(\n";
  for (const CommandView& sub : command.commands) {
    out += fmt::format("        '{}:{}'\n", sub.name, quoted(sub.summary, ":"));
  }
  out += "      )\n      _describe -t commands command commands ;;\n    argument)\n      case $line[1] in\n";
  for (const CommandView& sub : command.commands)
    out += fmt::format("        {}) {} ;;\n", sub.name, function_name(sub));
  return out + "      esac ;;\n  esac\n}\n\n";
}

}  // namespace

std::string zsh_completions(const CommandView& program) {
  return "#compdef deskhand\n\n" + function_of(program) +
         "if [[ $funcstack[1] == _deskhand ]]; then\n  _deskhand_program \"$@\"\nelse\n"
         "  compdef _deskhand_program deskhand\nfi\n";
}

}  // namespace deskhand
