// deskhand perplexity: how surprised a model is by a text.

#include "core/perplexity.h"

#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "apps/cli/command.h"
#include "apps/cli/model_options.h"
#include "apps/cli/progress.h"
#include "apps/cli/user_files.h"
#include "core/prompt.h"

namespace deskhand {
namespace {

struct Options {
  ModelOptions model;
  std::string file;
  PerplexityOptions measure;
  bool json = false;
};

std::vector<int32_t> ids_of(const Options& options, const Tokenizer& tokenizer) {
  std::vector<int32_t> ids = raw_prompt_ids(tokenizer, read_text_file(options.file));
  if (static_cast<int64_t>(ids.size()) >= options.measure.window) return ids;
  throw UsageError(fmt::format("{}: has {} tokens, a window has {}; give a longer text or a smaller --window",
                               options.file, ids.size(), options.measure.window));
}

void print(const Perplexity& result, size_t tokens, double seconds, const Options& options, const ModelInfo& info,
           std::ostream& out) {
  if (options.json) {
    const nlohmann::ordered_json json = {{"perplexity", result.value},
                                         {"error", result.error},
                                         {"window", options.measure.window},
                                         {"windows", result.windows},
                                         {"tokens", tokens},
                                         {"scored", result.tokens},
                                         {"seconds", seconds},
                                         {"model", info.path.filename().string()}};
    out << json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << "\n";
    return;
  }
  out << fmt::format(
      "perplexity {:.4f} ± {:.4f}: {} windows of {} tokens, the second half of each scored ({} tokens)\n", result.value,
      result.error, result.windows, options.measure.window, result.tokens);
}

ExitStatus measure(Options options, CommandContext& context) {
  if (options.model.context == 0) options.model.context = options.measure.window;
  if (options.model.context < options.measure.window) {
    throw UsageError(fmt::format("--window {} does not fit the context of {} tokens", options.measure.window,
                                 options.model.context));
  }
  const auto engine = open_model(options.model, context);
  const std::vector<int32_t> ids = ids_of(options, engine->tokenizer());
  options.measure.stop = context.stop;
  const int64_t windows = perplexity_windows(static_cast<int64_t>(ids.size()), options.measure);
  const auto start = std::chrono::steady_clock::now();
  ProgressLine line(context);
  const Perplexity result = measure_perplexity(*engine, ids, options.measure, [&](const Perplexity& so_far) {
    line.show([&] { return fmt::format("window {} of {}: {:.3f}", so_far.windows, windows, so_far.value); });
  });
  line.wipe();
  if (context.stop.stop_requested()) throw Interrupted();
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  print(result, ids.size(), seconds.count(), options, engine->info(), context.out);
  return ExitStatus::done;
}

RunCommand define(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_model_options(app, options->model);
  app.add_option("FILE", options->file, "the text, UTF-8")->required()->type_name("FILE");
  app.add_option("--window", options->measure.window, "tokens of a window")
      ->check(CLI::Range(2, 1 << 20))
      ->capture_default_str();
  app.add_option("--windows", options->measure.most_windows, "only the first so many windows (default: all)")
      ->check(CLI::PositiveNumber);
  app.add_flag("--json", options->json, "the result as JSON, for machines");
  return [options](CommandContext& context) { return measure(*options, context); };
}

}  // namespace

extern const Command command_perplexity;
const Command command_perplexity = {
    "perplexity", "how surprised a model is by a text: lower is better, to compare quants and arithmetic",
    "  deskhand perplexity -m model-q8_0.gguf book.txt\n"
    "  deskhand perplexity -m model-q8_0.gguf --exact --kv f32 --windows 8 --json book.txt",
    define, Stopping::orderly};

}  // namespace deskhand
