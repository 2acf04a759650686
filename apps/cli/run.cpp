#include "apps/cli/run.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <new>
#include <system_error>

#include "agent/policy.h"
#include "agent/trace.h"
#include "apps/cli/command.h"
#include "core/engine.h"
#include "platform/desktop.h"
#include "vision/image_io.h"

namespace deskhand {
namespace {

int report(std::ostream& err, std::string_view what, ExitStatus code) {
  std::string line(what);
  std::replace(line.begin(), line.end(), '\n', ' ');
  err << "deskhand: " << line << "\n" << std::flush;
  return static_cast<int>(code);
}

// Usage errors in one line of our own, help and version as CLI11 prints them.
int parse_failure(const CLI::App& app, const CLI::ParseError& error, ProgramStreams streams) {
  if (error.get_exit_code() == 0) return app.exit(error, streams.out, streams.err);
  return report(streams.err, fmt::format("{} (deskhand --help shows the usage)", error.what()), ExitStatus::usage);
}

int run_guarded(const RunCommand& run, CommandContext& context) {
  try {
    return static_cast<int>(run(context));
  } catch (const UsageError& error) {
    return report(context.err, error.what(), ExitStatus::usage);
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
  } catch (const Interrupted&) {
    return report(context.err, "stopped", ExitStatus::interrupted);
  } catch (const ContextFull& error) {
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

}  // namespace

int run_program(std::vector<std::string> arguments, ProgramStreams streams, Interrupts& interrupts) {
  CLI::App app{"Deskhand looks at your screen, answers questions and does desktop tasks, all on this machine.",
               "deskhand"};
  app.set_version_flag("--version", DESKHAND_VERSION);
  app.require_subcommand(1);
  app.fallthrough();
  bool verbose = false;
  app.add_flag("-v,--verbose", verbose, "say more on stderr");

  std::vector<std::pair<CLI::App*, RunCommand>> defined;
  for (const Command* command : commands()) {
    CLI::App* sub = app.add_subcommand(std::string(command->name), std::string(command->summary));
    sub->footer(fmt::format("Examples:\n{}", command->examples));
    RunCommand run = command->define(*sub);
    defined.emplace_back(sub, std::move(run));
  }
  app.footer("deskhand COMMAND --help shows the options and examples of a command.");

  std::reverse(arguments.begin(), arguments.end());
  try {
    app.parse(arguments);
  } catch (const CLI::ParseError& error) {
    return parse_failure(app, error, streams);
  }
  CommandContext context{streams.out, streams.err,    interrupts,     interrupts.token(),
                         verbose,     isatty(2) == 1, isatty(1) == 1, isatty(0) == 1};
  for (const auto& [sub, run] : defined) {
    if (sub->parsed()) return run_guarded(run, context);
  }
  return static_cast<int>(ExitStatus::usage);
}

}  // namespace deskhand
