// deskhand do: a desktop task, with the real mouse and keyboard.

#include <fmt/format.h>

#include <algorithm>

#include "agent/agent.h"
#include "apps/cli/command.h"
#include "apps/cli/description.h"
#include "apps/cli/desktop_run.h"
#include "apps/cli/model_options.h"
#include "apps/cli/numbers.h"
#include "apps/cli/printable.h"
#include "apps/cli/seeing_model.h"
#include "core/prompt.h"
#include "core/whole_file.h"

namespace deskhand {
namespace {

struct Options {
  ModelOptions model;
  SamplingOptions sampling;
  RunOptions run;
  std::string task, mind = "model", dialect, replies;
  int max_steps = 30;
};

struct LoadedMind {
  SeeingModel model;  // without an engine for chance and recorded replies
  const Dialect* dialect = nullptr;
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

std::vector<std::string> read_replies(const std::string& path) {
  const nlohmann::json list = nlohmann::json::parse(read_whole_file(path), nullptr, false);
  if (!list.is_array() || !std::all_of(list.begin(), list.end(), [](const auto& text) { return text.is_string(); }))
    throw FileError(fmt::format("{}: expected a JSON list of texts", path));
  return list;
}

/// The dialect of a model that was loaded. Throws UsageError for one that cannot act, or not in the named dialect.
const Dialect& dialect_of(const Options& options, const SeeingModel& model) {
  const ModelInfo& info = model.engine->info();
  const Dialect& dialect =
      options.dialect.empty() ? choose_dialect(info, model.eyes != nullptr) : *find_dialect(options.dialect);
  if (dialect.grounds)
    throw UsageError(
        fmt::format("{} finds places on pictures and does not act: use it with `deskhand see --find`", info.name));
  if (dialect.remote)
    throw UsageError(
        fmt::format("--dialect {}: that is what an endpoint says over HTTP, not a model file", dialect.name));
  if (dialect.sees && !model.eyes)
    throw UsageError(
        fmt::format("--dialect {}: it is for models that see, and {} has no eyes (--mmproj names their file)",
                    dialect.name, info.path.string()));
  return dialect;
}

void say_what_it_sees(const LoadedMind& loaded, std::ostream& err) {
  if (loaded.dialect->sees) return;
  err << (loaded.model.eyes
              ? "the model was not trained to act on what it sees: it is told what the screen reader finds\n"
              : "the model has no eyes: it is told what the screen reader finds\n");
}

LoadedMind load_mind(const Options& options, CommandContext& context) {
  LoadedMind loaded;
  if (!options.replies.empty() || options.mind == "random") {
    loaded.dialect = find_dialect(options.dialect.empty() ? "script" : options.dialect);
    loaded.mind = options.replies.empty() ? make_random_mind(options.sampling.seed.value_or(1))
                                          : make_scripted_mind(read_replies(options.replies));
    return loaded;
  }
  loaded.model = open_seeing_model(options.model, context, Sight::optional);
  Engine& engine = *loaded.model.engine;
  if (engine.chat_template() == nullptr) {
    throw UsageError("the model has no chat template, so it cannot be told about the task");
  }
  loaded.dialect = &dialect_of(options, loaded.model);
  warn_of_plain_turns(engine, context.err);
  if (!options.run.json) say_what_it_sees(loaded, context.err);
  const Sampling sampling = sampling_of(options.sampling, loaded.dialect->sampling.value_or(Sampling{}));
  loaded.mind = make_local_mind(engine, sampling, loaded.model.eyes.get());
  return loaded;
}

ExitStatus carry_out(const Options& options, CommandContext& context) {
  DesktopRun run(options.run, context);  // before the model: a missing display is said at once
  const LoadedMind loaded = load_mind(options, context);
  if (context.stop.stop_requested()) throw Interrupted();
  AgentParts parts = run.parts(*loaded.mind, *loaded.dialect);
  if (loaded.model.eyes) parts.eyes = &loaded.model.eyes->encoder();
  Agent agent(parts);
  const Limits limits{
      .max_steps = options.max_steps, .max_seconds = options.run.max_time, .dry_run = options.run.dry_run};
  return run.finish(agent.run(options.task, limits, context.stop));
}

std::vector<std::string> dialect_names() {
  std::vector<std::string> names;
  for (const Dialect* dialect : all_dialects())
    if (!dialect->grounds) names.emplace_back(dialect->name);
  return names;
}

RunCommand define(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_model_options(app, options->model);
  add_mmproj_option(app, options->model);
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
  app.add_option("--replies", options->replies,
                 "instead of a model: what one has said in that dialect, a JSON list of texts")
      ->type_name("FILE");
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
