#pragma once
// The command line as data: help, man page and completions are written from this, so that they never disagree.
//
//   const CommandView program = describe(*app.get_parent());
//   program.commands[0].options[0].names   → {"-h", "--help"}
//
// What a value is comes from an option's type name: FILE, FOLDER and COMMAND are completed as such; a type name made by
// one_of lists its values ("ask|auto"); anything else is only shown.

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace deskhand {

enum class ValueKind { none, file, folder, command, choice, other };

struct OptionView {
  std::vector<std::string> names;  ///< "-m", "--model"; none for an argument
  std::string value;               ///< "FILE", "ask|auto"; the name of an argument; empty for a flag
  ValueKind kind = ValueKind::none;
  std::vector<std::string> choices;
  std::string text;   ///< with default, repetition and what it needs or excludes
  std::string group;  ///< heading in the help
  bool required = false;
  bool repeats = false;
  bool inherited = false;  ///< of the program, understood by every command
};

struct CommandView {
  std::string name;  ///< "info"
  std::string path;  ///< "deskhand models info"
  std::string summary;
  std::string footer;
  std::vector<OptionView> options, arguments;
  std::vector<CommandView> commands;
};

CommandView describe(const CLI::App& app);

/// "deskhand ask [OPTIONS] QUESTION".
std::string usage_of(const CommandView& command);

/// "-m, --model FILE"; an argument's name.
std::string heading_of(const OptionView& option);

/// What --help prints.
std::string help_text(const CommandView& command);

/// Lets the option take these values only, in upper or lower case; it gets them as they are spelled here.
CLI::Option* one_of(CLI::Option* option, const std::vector<std::string>& values);

}  // namespace deskhand
