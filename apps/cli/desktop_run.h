#pragma once
// A run that acts on a desktop, whatever decides the actions: its options, its parts, its report.
//
//   auto options = std::make_shared<RunOptions>();
//   add_run_options(app, *options);
//   …
//   DesktopRun run(*options, context);                 // opens the display, or throws DesktopError
//   Agent agent(run.parts(*mind, dialect));            // makes the folder of the trace
//   return run.finish(agent.run(task, limits, context.stop));

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "agent/agent.h"
#include "apps/cli/command.h"
#include "apps/cli/look.h"
#include "apps/cli/stage.h"
#include "apps/cli/terminal_user.h"

namespace deskhand {

struct RunOptions {
  StageOptions stage;
  std::string approve = "ask", policy, trace;
  double max_time = 600;
  bool dry_run = false, json = false;
};

/// All but --json, which every command describes itself.
std::vector<CLI::Option*> add_run_options(CLI::App& app, RunOptions& options);

class DesktopRun {
 public:
  DesktopRun(const RunOptions& options, CommandContext& context);
  DesktopRun(const DesktopRun&) = delete;

  /// The parts of an agent; they live as long as this object. For one call.
  AgentParts parts(Mind& mind, const Dialect& dialect);
  /// Says how it ended, after parts() was called.
  ExitStatus finish(const Outcome& outcome);

 private:
  void show_step(const Step& step);

  const RunOptions& options_;
  CommandContext& context_;
  Policy policy_;
  Stage stage_;
  Eyes eyes_;
  TerminalUser user_;
  std::optional<Trace> trace_;
};

}  // namespace deskhand
