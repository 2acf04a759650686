// deskhand do: a desktop task, with the real mouse and keyboard.

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <ctime>
#include <nlohmann/json.hpp>

#include "agent/agent.h"
#include "apps/cli/command.h"
#include "apps/cli/look.h"
#include "apps/cli/model_options.h"
#include "apps/cli/printable.h"
#include "apps/cli/stage.h"
#include "apps/cli/terminal_user.h"
#include "apps/cli/user_files.h"

namespace deskhand {
namespace {

using nlohmann::ordered_json;

struct Options {
  ModelOptions model;
  SamplingOptions sampling;
  StageOptions stage;
  std::string task, approve = "ask", policy, trace, mind = "model", dialect;
  int max_steps = 30;
  double max_time = 600;
  bool dry_run = false, json = false;
};

std::string dump(const ordered_json& value) {
  return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

Policy read_policy(const Options& options) {
  if (!options.policy.empty()) return Policy::read(options.policy);
  const std::filesystem::path own = config_folder() / "policy.json";
  return std::filesystem::exists(own) ? Policy::read(own) : Policy::builtin();
}

// DIR, or a new folder below the user's data: 2026-11-24-101530.
std::filesystem::path trace_folder(const Options& options) {
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

void show_step(const Step& step, const Options& options, CommandContext& context) {
  if (options.json) {
    context.out << dump(step_json(step)) << std::flush;
    return;
  }
  const double seconds = (step.observation_ms + step.think_ms + step.act_ms) / 1e3;
  std::string line =
      fmt::format("{:>3}  {}", step.number, step.action.text.empty() ? step.action.name : step.action.text);
  if (!step.target.empty()) line += fmt::format("  → {}", step.target);
  if (step.verdict != Verdict::allow) line += fmt::format("  [{}: {}]", verdict_name(step.verdict), step.reason);
  if (!step.result.empty()) line += fmt::format("  {}", step.result);
  context.err << printable(line) << fmt::format("  ({:.1f} s)\n", seconds) << std::flush;
}

struct LoadedMind {
  std::unique_ptr<Engine> engine;  // null for the random mind
  std::unique_ptr<Mind> mind;
};

LoadedMind load_mind(const Options& options, CommandContext& context) {
  LoadedMind loaded;
  if (options.mind == "random") {
    loaded.mind = make_random_mind(options.sampling.seed.value_or(1));
    return loaded;
  }
  loaded.engine = open_model(options.model, context);
  if (loaded.engine->chat_template() == nullptr) {
    throw UsageError("the model has no chat template, so it cannot be told about the task");
  }
  if (!options.json) context.err << "the model has no eyes: it is told what the screen reader finds\n";
  loaded.mind = make_local_mind(*loaded.engine, sampling_of(options.sampling, 0.0f));
  return loaded;
}

const Dialect& dialect_of(const Options& options, const Engine* engine) {
  if (options.dialect.empty()) return choose_dialect(engine != nullptr ? engine->info() : ModelInfo{});
  const Dialect* found = find_dialect(options.dialect);
  if (found == nullptr) {
    std::string names;
    for (const Dialect* dialect : all_dialects()) names += " " + std::string(dialect->name);
    throw UsageError(fmt::format("--dialect {}: expected one of{}", options.dialect, names));
  }
  return *found;
}

void report(const Outcome& outcome, const Trace& trace, const Options& options, CommandContext& context) {
  if (options.json) {
    context.out << dump({{"outcome", outcome_name(outcome.status)},
                         {"answer", outcome.answer},
                         {"steps", outcome.steps},
                         {"trace", trace.directory().string()},
                         {"reason", outcome.reason},
                         {"asked", outcome.asked},
                         {"prompt_tokens", outcome.prompt_tokens},
                         {"generated_tokens", outcome.generated_tokens},
                         {"seconds", outcome.seconds}});
    return;
  }
  if (!outcome.answer.empty()) context.out << printable(outcome.answer, true) << "\n";
  std::string line = fmt::format("{} after {} steps, {} model calls, {:.1f} s", outcome_name(outcome.status),
                                 outcome.steps, outcome.asked, outcome.seconds);
  if (!outcome.reason.empty()) line += ": " + outcome.reason;
  context.err << fmt::format("{}\ntrace: {} (deskhand replay shows it)\n", printable(line), trace.directory().string());
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

ExitStatus carry_out(const Options& options, CommandContext& context) {
  const Policy policy = read_policy(options);
  const Stage stage(options.stage);
  Eyes eyes(stage.x11(), context);  // before the model: a missing display is said at once
  const LoadedMind loaded = load_mind(options, context);
  if (context.stop.stop_requested()) throw Interrupted();
  Trace trace(trace_folder(options));
  TerminalUser user(context);
  Agent agent(
      {.mind = *loaded.mind,
       .dialect = dialect_of(options, loaded.engine.get()),
       .desktop = eyes.desktop(),
       .read_screen = [&](const Image& image,
                          std::span<const Window> windows) { return eyes.reader().read(image, windows); },
       .read_applications = [&](std::span<const Window> windows) { return eyes.reader().read_applications(windows); },
       .policy = policy,
       .user = user,
       .approval = options.approve == "auto" ? Approval::automatic : Approval::ask,
       .trace = &trace,
       .on_step = [&](const Step& step) { show_step(step, options, context); }});
  const Limits limits{.max_steps = options.max_steps, .max_seconds = options.max_time, .dry_run = options.dry_run};
  const Outcome outcome = agent.run(options.task, limits, context.stop);
  report(outcome, trace, options, context);
  return code_of(outcome.status);
}

RunCommand define(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_model_options(app, options->model);
  add_sampling_options(app, options->sampling);
  app.add_option("task", options->task, "the task, in words")->required();
  app.add_option("--display", options->stage.display, "X display (default: $DISPLAY)");
  app.add_flag("--new-display", options->stage.private_display,
               "a private display, so that you keep mouse and keyboard");
  app.add_option("--app", options->stage.programs, "start this on the private display; may be given again")
      ->allow_extra_args(false);
  app.add_option("--max-steps", options->max_steps, "most actions")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--max-time", options->max_time, "most seconds")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--approve", options->approve,
                 "ask: each risky action is asked about; auto: what the policy asks about is denied and reported")
      ->check(CLI::IsMember({"ask", "auto"}))
      ->capture_default_str();
  app.add_option("--policy", options->policy,
                 "policy file (default: policy.json in the config folder, else the built-in one)");
  app.add_option("--trace", options->trace, "folder of the trace (default: a new one in the data folder)");
  app.add_flag("--dry-run", options->dry_run, "say what would be done first, and do nothing");
  app.add_option("--mind", options->mind, "model, or random: uniform choice under the same grammar (a baseline)")
      ->check(CLI::IsMember({"model", "random"}))
      ->capture_default_str();
  app.add_option("--dialect", options->dialect, "how the model is told about tools (default: by the model)");
  app.add_flag("--json", options->json, "a line of JSON per step, then the outcome");
  return [options](CommandContext& context) { return carry_out(*options, context); };
}

}  // namespace

extern const Command command_do;
const Command command_do = {"do", "a desktop task, with the real mouse and keyboard",
                            "  deskhand do -m qwen.gguf \"Tick Remote and press Submit\"\n"
                            "  deskhand do --display :1 --approve auto --json \"Open the File menu\"\n"
                            "  deskhand do --new-display --app mousepad \"Write Hello and save it as hello.txt\"\n"
                            "  deskhand do --dry-run \"Close the dialog\"",
                            define};

}  // namespace deskhand
