// deskhand perplexity: how surprised a model is by a text.

#include "core/perplexity.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>

#include "apps/cli/command.h"
#include "apps/cli/model_options.h"
#include "apps/cli/numbers.h"
#include "apps/cli/progress.h"
#include "apps/cli/user_files.h"
#include "core/model_config.h"
#include "core/prompt.h"
#include "core/tokenizer/utf8.h"

namespace deskhand {
namespace {

struct Options {
  ModelOptions model;
  std::string file;
  std::optional<int64_t> window;
  PerplexityOptions measure;
  bool json = false;
};

std::string read_utf8(const std::string& path) {
  std::string text = read_text_file(path);
  const size_t good = valid_utf8_prefix(text);
  if (good == text.size()) return text;
  throw FileError(fmt::format("{}: expected UTF-8, got something else at byte {} of {}", path, good, text.size()));
}

std::vector<int32_t> ids_of(const Options& options, std::string_view text, const Tokenizer& tokenizer) {
  std::vector<int32_t> ids = raw_prompt_ids(tokenizer, text);
  if (static_cast<int64_t>(ids.size()) >= options.measure.window) return ids;
  throw UsageError(fmt::format("{}: has {} tokens, a window has {}; give a longer text or a smaller --window",
                               options.file, ids.size(), options.measure.window));
}

// Decides window and context. The model is opened with them, since some turn by the length of the context.
void fit_window(Options& options) {
  int64_t& context = options.model.context;
  int64_t& window = options.measure.window;
  if (options.window) {
    window = *options.window;
  } else {
    const auto file = ModelFile::open(resolve_model(options.model.model));
    window = std::min(window, model_config(file->metadata()).context);
    if (context > 0) window = std::min(window, context);
  }
  if (window < least_perplexity_window) {
    throw UsageError(fmt::format("a window of {} tokens scores none of them; expected a context of at least {}", window,
                                 least_perplexity_window));
  }
  if (context == 0) context = window;
  if (context < window) {
    throw UsageError(fmt::format("--window {} does not fit the context of {} tokens", window, context));
  }
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
  const std::string text = read_utf8(options.file);
  fit_window(options);
  const auto engine = open_model(options.model, context);
  const std::vector<int32_t> ids = ids_of(options, text, engine->tokenizer());
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
  whole_number(app.add_option("--window", options->window,
                              "tokens of a window (default: 512, or what the model was trained for)"),
               least_perplexity_window, 1 << 20);
  whole_number(
      app.add_option("--windows", options->measure.most_windows, "only the first so many windows (default: all)"), 1);
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
