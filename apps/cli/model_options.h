#pragma once
// The options that choose a model and how it speaks, the same for every command.
//
//   auto options = std::make_shared<ModelOptions>();
//   add_model_options(app, *options);
//   …
//   std::unique_ptr<Engine> engine = open_model(*options, context);

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "apps/cli/command.h"
#include "core/engine.h"

namespace deskhand {

struct ModelOptions {
  std::string model;    ///< as the user wrote it; empty: $DESKHAND_MODEL, then the config file
  std::string mmproj;   ///< the file of the model's eyes; empty: the one beside it
  int64_t context = 0;  ///< 0: what the model has, up to what memory allows
  int threads = 0;      ///< 0: the real cores that this process may use
  std::string kv = "f16";
  std::string device = "cpu";
  bool exact = false;
  std::optional<size_t> cache_mib;
};

struct SamplingOptions {
  std::optional<float> temperature;
  std::optional<int32_t> top_k;
  std::optional<float> top_p, min_p, repeat_penalty;
  std::optional<uint64_t> seed;  ///< none: from the clock
  int64_t max_tokens = 1024;
};

void add_model_options(CLI::App& app, ModelOptions& options);
/// For commands that take pictures.
void add_mmproj_option(CLI::App& app, ModelOptions& options);
void add_threads_option(CLI::App& app, int& threads);  ///< one of add_model_options
void add_sampling_options(CLI::App& app, SamplingOptions& options);

/// `usual`, but for what the user named.
Sampling sampling_of(const SamplingOptions& options, const Sampling& usual);

/// The model file or directory the user means. Throws UsageError when there is none or the reference is of a kind this
/// version lacks, HubError when it has not been pulled.
std::filesystem::path resolve_model(const std::string& model);
std::unique_ptr<Engine> open_model(const ModelOptions& options, CommandContext& context);
/// Likewise a model that was resolved; says what it is when the user asked for more words.
std::unique_ptr<Engine> open_engine(const std::filesystem::path& model, EngineOptions settings,
                                    CommandContext& context);
EngineOptions engine_options(const ModelOptions& options);

}  // namespace deskhand
