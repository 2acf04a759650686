#pragma once
// A subcommand: its name, its help and how it runs. One file in apps/deskhand/ defines one.
//
//   const Command command_see = {"see", "what is on the screen", "  deskhand see --screen", define};
//
// `define` adds options to the parser and returns what runs after parsing. Options live in the closure.

#include <CLI/CLI.hpp>
#include <functional>
#include <ostream>
#include <span>
#include <stdexcept>
#include <stop_token>
#include <string_view>

#include "apps/cli/exit_status.h"
#include "apps/cli/interrupts.h"

namespace deskhand {

/// What every command gets: where the answer and remarks go, how it is asked to stop.
struct CommandContext {
  std::ostream& out;  ///< stdout: only the answer
  std::ostream& err;  ///< stderr: remarks, progress
  Interrupts& interrupts;
  std::stop_token stop;  ///< requested by the first Ctrl-C, SIGTERM or SIGHUP of an orderly command
  bool verbose = false;
  bool err_is_terminal = false;
  bool out_is_terminal = false;
  bool in_is_terminal = false;
};

using RunCommand = std::function<ExitStatus(CommandContext&)>;

/// What a request to stop does to a command.
enum class Stopping {
  at_once,  ///< ends the process: nothing is left half done
  orderly,  ///< requests CommandContext::stop; the command ends by itself
};

struct Command {
  std::string_view name;
  std::string_view summary;
  std::string_view examples;  ///< shown below the options
  RunCommand (*define)(CLI::App& app);
  Stopping stopping = Stopping::at_once;
};

/// All commands, by file name. Written by CMake.
std::span<const Command* const> commands();

/// Bad usage found after parsing: exit 2.
class UsageError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A file that could not be read or written: exit 3.
class FileError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The user asked to stop: exit 5.
class Interrupted : public std::runtime_error {
 public:
  Interrupted() : std::runtime_error("stopped") {}
};

/// A limit of time, memory, disk or context: exit 6.
class LimitReached : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace deskhand
