#include "apps/cli/model_options.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <map>

#include "apps/cli/description.h"
#include "apps/cli/numbers.h"
#include "apps/cli/user_files.h"
#include "core/hub/pull.h"

namespace deskhand {
namespace {

const std::map<std::string, DType> kv_types = {
    {"f16", DType::f16}, {"bf16", DType::bf16}, {"f32", DType::f32}, {"q8_0", DType::q8_0}};

// Model references that the contract names and this version cannot open yet.
void refuse_unbuilt_kinds(const std::string& model) {
  for (const char* prefix : {"builtin:", "http://", "https://"}) {
    if (model.rfind(prefix, 0) == 0) {
      throw UsageError(fmt::format(
          "model '{}': {} references are not supported in this version; expected a .gguf file or a directory", model,
          prefix));
    }
  }
}

}  // namespace

void add_model_options(CLI::App& app, ModelOptions& options) {
  app.add_option(
         "-m,--model", options.model,
         "the model: a .gguf file, a directory of safetensors, or hf:org/name[:file or quant] that `models pull` has "
         "fetched (default: $DESKHAND_MODEL, then \"model\" of the config file)")
      ->type_name("FILE");
  whole_number(app.add_option("-c,--context", options.context,
                              "tokens of context (default: what the model was trained for and memory allows)"),
               0);
  add_threads_option(app, options.threads);
  one_of(app.add_option("--kv", options.kv, "number type of the attention cache"), {"f16", "bf16", "f32", "q8_0"})
      ->capture_default_str();
  whole_number(app.add_option("--cache", options.cache_mib,
                              "MiB for texts that may come back (default: an eighth of the free memory, at most 4096); "
                              "0 keeps none, on disk neither"),
               0, 1 << 20);
  one_of(app.add_option("--device", options.device, "where to compute"), {"cpu"})->capture_default_str();
  app.add_flag("--exact", options.exact, "more exact and slower: activations stay floats where weights are quantised");
}

void add_mmproj_option(CLI::App& app, ModelOptions& options) {
  app.add_option("--mmproj", options.mmproj,
                 "the file of the model's eyes (default: the one mmproj*.gguf beside the model; none: no eyes)")
      ->type_name("FILE");
}

void add_threads_option(CLI::App& app, int& threads) {
  whole_number(app.add_option("-t,--threads", threads, "threads (default: the real cores this process may use)"), 0,
               1024);
}

void add_sampling_options(CLI::App& app, SamplingOptions& options) {
  real_number(app.add_option("--temp", options.temperature, "randomness, 0 always takes the most likely token"), 0.0,
              100.0);
  whole_number(app.add_option("--top-k", options.top_k, "choose among the k best tokens, 0 is all"), 0);
  real_number(
      app.add_option("--top-p", options.top_p, "choose among the best tokens of this total probability, 0 to 1"), 0.0,
      1.0);
  real_number(
      app.add_option("--min-p", options.min_p, "leave out tokens less likely than this share of the best one, 0 to 1"),
      0.0, 1.0);
  real_number(app.add_option("--repeat-penalty", options.repeat_penalty, "makes recent tokens less likely, 1 is off"),
              0.1, 10.0);
  whole_number(app.add_option("--seed", options.seed, "the same seed gives the same text"), 0, UINT64_MAX);
  whole_number(app.add_option("--max-tokens", options.max_tokens, "longest reply in tokens"), 1)->capture_default_str();
}

Sampling sampling_of(const SamplingOptions& options, const Sampling& usual) {
  Sampling sampling = usual;
  sampling.temperature = options.temperature.value_or(usual.temperature);
  sampling.top_k = options.top_k.value_or(usual.top_k);
  sampling.top_p = options.top_p.value_or(usual.top_p);
  sampling.min_p = options.min_p.value_or(usual.min_p);
  sampling.repeat_penalty = options.repeat_penalty.value_or(usual.repeat_penalty);
  const auto now = std::chrono::system_clock::now().time_since_epoch().count();
  sampling.seed = options.seed.value_or(static_cast<uint64_t>(now));
  return sampling;
}

std::filesystem::path resolve_model(const std::string& model) {
  std::string chosen = model;
  if (chosen.empty()) {
    if (const char* variable = std::getenv("DESKHAND_MODEL")) chosen = variable;
  }
  if (chosen.empty()) chosen = config_text("model").value_or("");
  if (chosen.empty()) {
    throw UsageError(
        fmt::format("no model: give one with -m FILE.gguf, $DESKHAND_MODEL or \"model\" in {}; "
                    "scripts/models qwen2.5-coder-0.5b or `deskhand models pull hf:…` gets one",
                    config_file().string()));
  }
  refuse_unbuilt_kinds(chosen);
  if (HubReference::is_one(chosen)) return cached_model(HubReference::parse(chosen), HubCache::of_user());
  return chosen;
}

EngineOptions engine_options(const ModelOptions& options) {
  EngineOptions engine;
  engine.threads = options.threads;
  engine.context = options.context;
  engine.kv_type = kv_types.at(options.kv);
  engine.exact = options.exact;
  constexpr size_t mib = size_t{1} << 20;
  if (options.cache_mib) engine.cache_bytes = *options.cache_mib * mib;
  if (options.cache_mib != 0) engine.prefix_folder = cache_folder() / "prefixes";
  return engine;
}

std::unique_ptr<Engine> open_model(const ModelOptions& options, CommandContext& context) {
  return open_engine(resolve_model(options.model), engine_options(options), context);
}

std::unique_ptr<Engine> open_engine(const std::filesystem::path& model, EngineOptions settings,
                                    CommandContext& context) {
  settings.stop = context.stop;
  auto engine = Engine::open(model, settings);
  if (context.verbose) {
    const ModelInfo& info = engine->info();
    const BackendInfo backend = engine->backend().info();
    context.err << fmt::format("{}: {}, {:.0f} M parameters, context {}, {} with {} threads\n", info.path.string(),
                               info.architecture, info.parameters / 1e6, info.context, backend.isa, backend.threads);
  }
  return engine;
}

}  // namespace deskhand
