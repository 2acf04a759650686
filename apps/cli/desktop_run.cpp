#include "apps/cli/desktop_run.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <ctime>
#include <nlohmann/json.hpp>

#include "apps/cli/description.h"
#include "apps/cli/numbers.h"
#include "apps/cli/printable.h"
#include "apps/cli/user_files.h"

namespace deskhand {
namespace {

using nlohmann::ordered_json;

std::string dump(const ordered_json& value) {
  return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

Policy read_policy(const RunOptions& options) {
  if (!options.policy.empty()) return Policy::read(options.policy);
  const std::filesystem::path own = config_folder() / "policy.json";
  return std::filesystem::exists(own) ? Policy::read(own) : Policy::builtin();
}

// DIR, or a new folder below the user's data: 2026-11-24-101530.
std::filesystem::path trace_folder(const RunOptions& options) {
  if (!options.trace.empty()) return options.trace;
  const std::filesystem::path base = data_folder() / "traces";
  std::error_code error;
  std::filesystem::create_directories(base, error);
  if (error) throw FileError(fmt::format("{}: cannot be made: {}", base.string(), error.message()));
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::string name = fmt::format("{:%Y-%m-%d-%H%M%S}", fmt::localtime(now));
  std::filesystem::path folder = base / name;
  for (int copy = 1; std::filesystem::exists(folder); ++copy) folder = base / fmt::format("{}-{}", name, copy);
  return folder;
}

ordered_json step_json(const Step& step) {
  ordered_json out = {{"step", step.number},
                      {"observation_ms", step.observation_ms},
                      {"think_ms", step.think_ms},
                      {"action", {{"name", step.action.name}, {"input", step.action.input}}},
                      {"verdict", verdict_name(step.verdict)},
                      {"result", step.result}};
  out["screen_changed"] = step.changed ? ordered_json(*step.changed) : ordered_json(nullptr);
  return out;
}

ExitStatus code_of(Outcome::Status status) {
  switch (status) {
    case Outcome::Status::done:
      return ExitStatus::done;
    case Outcome::Status::failed:
      return ExitStatus::failed;
    case Outcome::Status::stopped:
      return ExitStatus::interrupted;
    case Outcome::Status::limit:
      return ExitStatus::limit;
    case Outcome::Status::desktop_lost:
      return ExitStatus::no_display;
  }
  return ExitStatus::failed;
}

}  // namespace

std::vector<CLI::Option*> add_run_options(CLI::App& app, RunOptions& options) {
  return {
      app.add_option("--display", options.stage.display, "X display (default: $DISPLAY)")->type_name(":N"),
      app.add_flag("--new-display", options.stage.private_display,
                   "a private display, so that you keep mouse and keyboard"),
      app.add_option("--app", options.stage.programs, "with --new-display: start this program there")
          ->type_name("COMMAND")
          ->allow_extra_args(false),
      real_number(app.add_option("--max-time", options.max_time, "seconds after which the run ends"), 0.001, 1e9)
          ->type_name("SECONDS")
          ->capture_default_str(),
      one_of(app.add_option("--approve", options.approve,
                            "ask: risky actions are asked about on the terminal; auto: they are denied and reported"),
             {"ask", "auto"})
          ->capture_default_str(),
      app.add_option("--policy", options.policy,
                     "policy file (default: policy.json in the config folder, else the built-in one)")
          ->type_name("FILE"),
      app.add_option("--trace", options.trace, "new or empty folder for the record (default: one in the data folder)")
          ->type_name("FOLDER"),
      app.add_flag("--dry-run", options.dry_run, "say what would be done first, and do nothing")};
}

DesktopRun::DesktopRun(const RunOptions& options, CommandContext& context)
    : options_(options),
      context_(context),
      policy_(read_policy(options)),
      stage_(options.stage),
      eyes_(stage_.x11(), context),
      user_(context) {}

AgentParts DesktopRun::parts(Mind& mind, const Dialect& dialect) {
  trace_.emplace(trace_folder(options_));
  return {.mind = mind,
          .dialect = dialect,
          .desktop = eyes_.desktop(),
          .read_screen = [this](const Image& image,
                                std::span<const Window> windows) { return eyes_.reader().read(image, windows); },
          .read_applications =
              [this](std::span<const Window> windows) { return eyes_.reader().read_applications(windows); },
          .policy = policy_,
          .user = user_,
          .approval = options_.approve == "auto" ? Approval::automatic : Approval::ask,
          .trace = &*trace_,
          .on_step = [this](const Step& step) { show_step(step); }};
}

void DesktopRun::show_step(const Step& step) {
  if (options_.json) {
    context_.out << dump(step_json(step)) << std::flush;
    return;
  }
  const double seconds = (step.observation_ms + step.think_ms + step.act_ms) / 1e3;
  std::string line =
      fmt::format("{:>3}  {}", step.number, step.action.text.empty() ? step.action.name : step.action.text);
  if (!step.target.empty()) line += fmt::format("  → {}", step.target);
  if (step.verdict != Verdict::allow) line += fmt::format("  [{}: {}]", verdict_name(step.verdict), step.reason);
  if (!step.result.empty()) line += fmt::format("  {}", step.result);
  context_.err << printable(line) << fmt::format("  ({:.1f} s)\n", seconds) << std::flush;
}

ExitStatus DesktopRun::finish(const Outcome& outcome) {
  const std::string folder = trace_->directory().string();
  if (options_.json) {
    context_.out << dump({{"outcome", outcome_name(outcome.status)},
                          {"answer", outcome.answer},
                          {"steps", outcome.steps},
                          {"trace", folder},
                          {"reason", outcome.reason},
                          {"asked", outcome.asked},
                          {"prompt_tokens", outcome.prompt_tokens},
                          {"cached_tokens", outcome.reused_tokens},
                          {"generated_tokens", outcome.generated_tokens},
                          {"seconds", outcome.seconds}});
    return code_of(outcome.status);
  }
  if (!outcome.answer.empty()) context_.out << printable(outcome.answer, true) << "\n";
  std::string line = fmt::format("{} after {} steps, {} model calls, {:.1f} s", outcome_name(outcome.status),
                                 outcome.steps, outcome.asked, outcome.seconds);
  if (!outcome.reason.empty()) line += ": " + outcome.reason;
  if (context_.verbose) {
    context_.err << fmt::format("prompts of {} tokens, {} of them known already; {} tokens written\n",
                                outcome.prompt_tokens, outcome.reused_tokens, outcome.generated_tokens);
  }
  context_.err << fmt::format("{}\ntrace: {} (deskhand replay shows it)\n", printable(line), folder);
  return code_of(outcome.status);
}

}  // namespace deskhand
