#include "apps/cli/run.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <new>
#include <optional>
#include <system_error>

#include "agent/policy.h"
#include "agent/trace.h"
#include "apps/cli/command.h"
#include "apps/cli/description.h"
#include "apps/cli/printable.h"
#include "core/disk.h"
#include "core/engine.h"
#include "core/hub/reference.h"
#include "platform/desktop.h"
#include "platform/http.h"
#include "vision/image_io.h"

namespace deskhand {
namespace {

int report(std::ostream& err, std::string_view what, ExitStatus code) {
  std::string line(what);
  std::replace(line.begin(), line.end(), '\n', ' ');
  err << "deskhand: " << printable(line) << "\n" << std::flush;
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
  } catch (const UsageError& error) {
    return report(context.err, error.what(), ExitStatus::usage);
  } catch (const HubReferenceError& error) {
    return report(context.err, error.what(), ExitStatus::usage);
  } catch (const HubError& error) {
    return report(context.err, error.what(), ExitStatus::unreadable);
  } catch (const ModelFileError& error) {
    return report(context.err, error.what(), ExitStatus::unreadable);
  } catch (const ImageError& error) {
    return report(context.err, error.what(), ExitStatus::unreadable);
  } catch (const FileError& error) {
    return report(context.err, error.what(), ExitStatus::unreadable);
  } catch (const PolicyError& error) {
    return report(context.err, error.what(), ExitStatus::unreadable);
  } catch (const TraceError& error) {
    return report(context.err, error.what(), ExitStatus::unreadable);
  } catch (const DesktopError& error) {
    return report(context.err, error.what(), ExitStatus::no_display);
  } catch (const LoadStopped&) {
    return report(context.err, "stopped", ExitStatus::interrupted);
  } catch (const HttpStopped&) {
    return report(context.err, "stopped", ExitStatus::interrupted);
  } catch (const Interrupted&) {
    return report(context.err, "stopped", ExitStatus::interrupted);
  } catch (const ContextFull& error) {
    return report(context.err, error.what(), ExitStatus::limit);
  } catch (const NotEnoughMemory& error) {
    return report(context.err, error.what(), ExitStatus::limit);
  } catch (const NotEnoughDisk& error) {
    return report(context.err, error.what(), ExitStatus::limit);
  } catch (const LimitReached& error) {
    return report(context.err, error.what(), ExitStatus::limit);
  } catch (const std::bad_alloc&) {
    return report(context.err, "out of memory", ExitStatus::limit);
  } catch (const TemplateError& error) {
    return report(context.err, error.what(), ExitStatus::failed);
  } catch (const std::system_error& error) {
    return report(context.err, error.what(), ExitStatus::unreadable);
  } catch (const std::exception& error) {
    return report(context.err, error.what(), ExitStatus::failed);
  }
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

  const auto first =
      std::find_if(arguments.begin(), arguments.end(), [](const auto& a) { return !a.starts_with('-'); });
  const auto is_first = [&](const Defined& command) { return command.app->get_name() == *first; };
  if (first != arguments.end() && std::none_of(defined.begin(), defined.end(), is_first)) {
    return report(streams.err, fmt::format("there is no command \"{}\" (deskhand --help lists them)", *first),
                  ExitStatus::usage);
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
