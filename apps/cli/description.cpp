#include "apps/cli/description.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <sstream>

namespace deskhand {
namespace {

// Without what validators add behind a colon. ":N" is a whole name.
std::string value_name(const CLI::Option& option) {
  std::string name = option.get_type_name();
  name = name.substr(0, name.find(':', 1));
  if (name == "INT" || name == "UINT") return "N";
  if (name == "FLOAT") return "NUMBER";
  return name;
}

ValueKind kind_of(const std::string& value) {
  if (value.empty()) return ValueKind::none;
  if (value == "FILE") return ValueKind::file;
  if (value == "FOLDER") return ValueKind::folder;
  if (value == "COMMAND") return ValueKind::command;
  return std::islower(static_cast<unsigned char>(value.front())) ? ValueKind::choice : ValueKind::other;
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, separator);) parts.push_back(part);
  return parts;
}

std::string plain_name(const CLI::Option& option) {
  return option.get_lnames().empty() ? option.get_name(true) : "--" + option.get_lnames().front();
}

std::string text_of(const CLI::Option& option, const OptionView& view) {
  std::string text = option.get_description();
  if (view.names.empty() && view.kind == ValueKind::choice) text += fmt::format(": {}", fmt::join(view.choices, ", "));
  if (view.repeats) text += "; may be given again";
  for (const CLI::Option* other : option.get_needs()) {
    if (view.group.find(plain_name(*other)) == std::string::npos) text += "; only with " + plain_name(*other);
  }
  for (const CLI::Option* other : option.get_excludes()) text += "; not with " + plain_name(*other);
  if (!option.get_default_str().empty()) text += fmt::format(" (default: {})", option.get_default_str());
  return text;
}

OptionView describe_option(const CLI::Option& option) {
  OptionView view;
  for (const std::string& name : option.get_snames()) view.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) view.names.push_back("--" + name);
  if (option.get_type_size() != 0) view.value = value_name(option);
  view.kind = kind_of(view.value);
  if (view.kind == ValueKind::choice) view.choices = split(view.value, '|');
  view.group = option.get_group();
  view.required = option.get_required();
  view.repeats = option.get_expected_max() >= CLI::detail::expected_max_vector_size && !option.get_allow_extra_args();
  view.text = text_of(option, view);
  if (view.names.empty()) view.value = option.get_name(true);
  return view;
}

// A left column and a right one that is wrapped at 100 columns.
std::string row(const std::string& left, const std::string& right) {
  constexpr size_t column = 28, width = 100;
  std::string out = "  " + left, line;
  out += out.size() + 2 > column ? "\n" + std::string(column, ' ') : std::string(column - out.size(), ' ');
  for (const std::string& word : split(right, ' ')) {
    if (!line.empty() && column + line.size() + 1 + word.size() > width) {
      out += line + "\n" + std::string(column, ' ');
      line.clear();
    }
    line += (line.empty() ? "" : " ") + word;
  }
  return out + line + "\n";
}

std::string option_rows(const std::vector<OptionView>& options, const std::string& group) {
  std::string out = "\n" + group + ":\n";
  for (const OptionView& option : options) {
    if (option.group == group) out += row(heading_of(option), option.text);
  }
  return out;
}

}  // namespace

CommandView describe(const CLI::App& app) {
  CommandView view;
  view.name = view.path = app.get_name();
  for (const CLI::App* up = app.get_parent(); up != nullptr; up = up->get_parent()) {
    view.path = up->get_name() + " " + view.path;
  }
  view.summary = app.get_description();
  view.footer = app.get_footer();
  for (const CLI::Option* option : app.get_options()) {
    (option->get_positional() ? view.arguments : view.options).push_back(describe_option(*option));
  }
  for (const CLI::App* up = app.get_parent(); up != nullptr; up = up->get_parent()) {
    for (const CLI::Option* option : up->get_options()) {
      if (option == up->get_help_ptr() || option->get_positional() || option->check_lname("version")) continue;
      view.options.push_back(describe_option(*option));
      view.options.back().inherited = true;
    }
  }
  for (const CLI::App* command : app.get_subcommands({})) view.commands.push_back(describe(*command));
  return view;
}

std::string usage_of(const CommandView& command) {
  std::string out = command.path + " [OPTIONS]";
  for (const OptionView& argument : command.arguments) {
    out += argument.required ? " " + argument.value : fmt::format(" [{}]", argument.value);
  }
  return command.commands.empty() ? out : out + " COMMAND";
}

std::string heading_of(const OptionView& option) {
  if (option.names.empty()) return option.value;
  // Long names stand in one column.
  std::string out = option.names.front().size() > 2 ? "    " : "";
  out += fmt::format("{}", fmt::join(option.names, ", "));
  return option.value.empty() ? out : out + " " + option.value;
}

std::string help_text(const CommandView& command) {
  std::string out = fmt::format("{}\n\nUsage: {}\n", command.summary, usage_of(command));
  if (!command.arguments.empty()) {
    out += "\nArguments:\n";
    for (const OptionView& argument : command.arguments) out += row(argument.value, argument.text);
  }
  if (!command.commands.empty()) {
    out += "\nCommands:\n";
    for (const CommandView& sub : command.commands) out += row(sub.name, sub.summary);
  }
  std::vector<std::string> groups;
  for (const OptionView& option : command.options) {
    if (std::find(groups.begin(), groups.end(), option.group) == groups.end()) groups.push_back(option.group);
  }
  for (const std::string& group : groups) out += option_rows(command.options, group);
  return out + "\n" + command.footer + "\n";
}

CLI::Option* one_of(CLI::Option* option, const std::vector<std::string>& values) {
  CLI::Validator member = CLI::IsMember(values, CLI::ignore_case);
  return option->transform(member.description(""))->type_name(fmt::format("{}", fmt::join(values, "|")));
}

}  // namespace deskhand
