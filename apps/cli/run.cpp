#include "apps/cli/run.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <optional>

#include "apps/cli/command.h"
#include "apps/cli/description.h"
#include "apps/cli/failure.h"

namespace deskhand {
namespace {

int report(std::ostream& err, std::string_view what, ExitStatus code) {
  print_failure(err, what);
  return static_cast<int>(code);
}

// Usage errors in one line of our own; CLI11 sends help and version to stdout.
int parse_failure(const CLI::App& app, const CLI::ParseError& error, ProgramStreams streams) {
  if (error.get_exit_code() == 0) return app.exit(error, streams.out, streams.err);
  return report(streams.err, fmt::format("{} (deskhand --help shows the usage)", error.what()), ExitStatus::usage);
}

int run_guarded(const RunCommand& run, CommandContext& context) {
  try {
    return static_cast<int>(run(context));
  } catch (const std::exception&) {
    const Failure failure = current_failure();
    return report(context.err, failure.text, failure.status);
  }
}

/// What is wrong with the first word that should be a command and is none; empty when there is no such word.
std::string unknown_command(const CLI::App& program, const std::vector<std::string>& arguments) {
  const CLI::App* at = &program;
  for (const std::string& word : arguments) {
    if (word.starts_with('-')) continue;
    const std::vector<const CLI::App*> known = at->get_subcommands({});
    if (known.empty()) break;
    const auto found =
        std::find_if(known.begin(), known.end(), [&](const auto* app) { return app->get_name() == word; });
    if (found == known.end()) {
      return fmt::format("there is no command \"{}\" ({} --help lists them)", word, describe(*at).path);
    }
    at = *found;
  }
  return {};
}

/// For commands that leave nothing half done.
void end_at_once() {
  constexpr std::string_view line = "deskhand: stopped\n";
  if (::write(STDERR_FILENO, line.data(), line.size()) < 0) {
    // Nobody reads it.
  }
  ::_exit(static_cast<int>(ExitStatus::interrupted));
}

}  // namespace

int run_program(std::vector<std::string> arguments, ProgramStreams streams, Interrupts& interrupts) {
  CLI::App app{"Deskhand looks at your screen, answers questions and does desktop tasks, all on this machine.",
               "deskhand"};
  app.formatter_fn([](const CLI::App* asked, std::string, CLI::AppFormatMode) { return help_text(describe(*asked)); });
  app.set_help_flag("-h,--help", "show this help");
  app.set_version_flag("--version", DESKHAND_VERSION, "show the version");
  app.require_subcommand(1);
  app.fallthrough();
  bool verbose = false;
  app.add_flag("-v,--verbose", verbose, "say more on stderr");

  struct Defined {
    CLI::App* app;
    RunCommand run;
    Stopping stopping;
  };
  std::vector<Defined> defined;
  for (const Command* command : commands()) {
    CLI::App* sub = app.add_subcommand(std::string(command->name), std::string(command->summary));
    sub->footer(fmt::format("Examples:\n{}", command->examples));
    RunCommand run = command->define(*sub);
    defined.push_back({sub, std::move(run), command->stopping});
  }
  app.footer("deskhand COMMAND --help shows the options and examples of a command.");

  if (const std::string unknown = unknown_command(app, arguments); !unknown.empty()) {
    return report(streams.err, unknown, ExitStatus::usage);
  }
  std::reverse(arguments.begin(), arguments.end());
  try {
    app.parse(arguments);
  } catch (const CLI::ParseError& error) {
    return parse_failure(app, error, streams);
  }
  CommandContext context{streams.out, streams.err,    interrupts,     interrupts.token(),
                         verbose,     isatty(2) == 1, isatty(1) == 1, isatty(0) == 1};
  for (const Defined& command : defined) {
    if (!command.app->parsed()) continue;
    std::optional<std::stop_callback<void (*)()>> at_once;
    if (command.stopping == Stopping::at_once) at_once.emplace(context.stop, end_at_once);
    return run_guarded(command.run, context);
  }
  return static_cast<int>(ExitStatus::usage);
}

}  // namespace deskhand
