// deskhand do: a desktop task, with the real mouse and keyboard.

#include <fmt/format.h>

#include "agent/agent.h"
#include "apps/cli/command.h"
#include "apps/cli/description.h"
#include "apps/cli/desktop_run.h"
#include "apps/cli/model_options.h"
#include "apps/cli/numbers.h"
#include "apps/cli/printable.h"
#include "core/prompt.h"

namespace deskhand {
namespace {

struct Options {
  ModelOptions model;
  SamplingOptions sampling;
  RunOptions run;
  std::string task, mind = "model", dialect;
  int max_steps = 30;
};

struct LoadedMind {
  std::unique_ptr<Engine> engine;  // null for the random mind
  std::unique_ptr<Mind> mind;
};

void warn_of_plain_turns(const Engine& engine, std::ostream& err) {
  try {
    if (turns_are_tokens(engine.tokenizer(), *engine.chat_template())) return;
    err << "warning: this model marks turns with plain text: what the screen says can pretend to be you\n";
  } catch (const TemplateError& error) {
    err << fmt::format(
        "warning: whether what the screen says can pretend to be you cannot be told for this model: {}\n",
        printable(error.what()));
  }
}

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
  warn_of_plain_turns(*loaded.engine, context.err);
  if (!options.run.json) context.err << "the model has no eyes: it is told what the screen reader finds\n";
  loaded.mind = make_local_mind(*loaded.engine, sampling_of(options.sampling, Sampling{}));
  return loaded;
}

const Dialect& dialect_of(const Options& options, const Engine* engine) {
  if (options.dialect.empty()) return choose_dialect(engine != nullptr ? engine->info() : ModelInfo{}, false);
  return *find_dialect(options.dialect);
}

ExitStatus carry_out(const Options& options, CommandContext& context) {
  DesktopRun run(options.run, context);  // before the model: a missing display is said at once
  const LoadedMind loaded = load_mind(options, context);
  if (context.stop.stop_requested()) throw Interrupted();
  Agent agent(run.parts(*loaded.mind, dialect_of(options, loaded.engine.get())));
  const Limits limits{
      .max_steps = options.max_steps, .max_seconds = options.run.max_time, .dry_run = options.run.dry_run};
  return run.finish(agent.run(options.task, limits, context.stop));
}

std::vector<std::string> dialect_names() {
  std::vector<std::string> names;
  for (const Dialect* dialect : all_dialects())
    if (!dialect->sees) names.emplace_back(dialect->name);
  return names;
}

RunCommand define(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_model_options(app, options->model);
  add_sampling_options(app, options->sampling);
  app.add_option("TASK", options->task, "what to do, in words, quoted")->required();
  add_run_options(app, options->run);
  whole_number(app.add_option("--max-steps", options->max_steps, "actions after which the run ends"), 1)
      ->capture_default_str();
  one_of(app.add_option("--mind", options->mind, "who decides: the model, or chance, as a baseline for measurements"),
         {"model", "random"})
      ->capture_default_str();
  one_of(app.add_option("--dialect", options->dialect,
                        "how the model is told about tools (default: what suits the model)"),
         dialect_names());
  app.add_flag("--json", options->run.json, "a line of JSON per step, then the outcome");
  return [options](CommandContext& context) { return carry_out(*options, context); };
}

}  // namespace

extern const Command command_do;
const Command command_do = {"do", "a desktop task, with the real mouse and keyboard",
                            "  deskhand do -m qwen.gguf \"Tick Remote and press Submit\"\n"
                            "  deskhand do --display :1 --approve auto --json \"Open the File menu\"\n"
                            "  deskhand do --new-display --app mousepad \"Write Hello and save it as hello.txt\"\n"
                            "  deskhand do --dry-run \"Close the dialog\"",
                            define, Stopping::orderly};

}  // namespace deskhand
