#include "core/language_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/blocks.h"
#include "core/memory.h"
#include "core/readable_bytes.h"

namespace deskhand {
namespace {

/// Whether it belongs to a layer behind the decoder's, which stays on disk.
bool is_behind(std::string_view tensor, const ModelConfig& config) {
  constexpr std::string_view prefix = "blk.";
  if (!tensor.starts_with(prefix)) return false;
  int64_t layer = -1;
  (void)std::from_chars(tensor.data() + prefix.size(), tensor.data() + tensor.size(), layer);
  return layer >= config.layers && layer < config.stored_layers;
}

constexpr double usable = 0.875;  // the rest is for what a forward pass needs, and for others

double usable_memory() {
  return usable * static_cast<double>(available_memory());
}

/// Tokens of context: those asked for, or the trained ones, within the memory that the weights leave.
int64_t choose_context(const ModelFile& file, const ModelConfig& config, const Backend& backend,
                       const LanguageModelOptions& options) {
  // A page is taken as a whole, so nothing shorter is worth choosing.
  const int64_t least = options.context > 0 ? options.context : std::min(config.context, KvPlan::page_tokens);
  const int64_t most = fitting_context(file, config, backend, options);
  if (most >= least) return most;
  const double memory = usable_memory();
  const auto weights = static_cast<double>(stored_weight_bytes(file, config));
  const KvPlan plan = kv_plan(config, options.kv_type, backend);
  throw NotEnoughMemory(fmt::format(
      "{}: {} of weights and {} for a context of {} tokens do not fit into the {} of memory that are free, of which an "
      "eighth is left alone; {}",
      file.path().string(), readable_bytes(weights), readable_bytes(plan.bytes(least, options.max_rows)), least,
      readable_bytes(memory / usable),
      most > 0 ? fmt::format("at most {} tokens fit", most) : std::string("no context fits")));
}

size_t choose_cache(size_t asked) {
  constexpr size_t most = size_t{4} << 30, share = 8;
  return asked != automatic_cache ? asked : std::min(most, available_memory() / share);
}

/// Values of the widest row that an op sees.
int64_t widest(const ModelConfig& config) {
  const int64_t query = config.recurrent.empty() ? config.query_width() : 2 * config.query_width();
  return std::max({config.width, config.feed_forward, query, config.delta.channels(), config.experts.count,
                   2 * config.experts.feed_forward});
}

}  // namespace

size_t stored_weight_bytes(const ModelFile& file, const ModelConfig& config) {
  size_t bytes = 0;
  for (const TensorInfo& tensor : file.tensors()) {
    if (tensor.data != nullptr && !is_behind(tensor.name, config)) bytes += tensor.bytes;
  }
  return bytes;
}

int64_t fitting_context(const ModelFile& file, const ModelConfig& config, const Backend& backend,
                        const LanguageModelOptions& options) {
  const double left = usable_memory() - static_cast<double>(options.reserved_bytes) -
                      static_cast<double>(stored_weight_bytes(file, config));
  const KvPlan plan = kv_plan(config, options.kv_type, backend);
  int64_t most = 0, limit = options.context > 0 ? options.context : config.context;
  while (most < limit) {  // what fits, fits with fewer
    const int64_t middle = most + (limit - most + 1) / 2;
    if (plan.bytes(middle, options.max_rows) <= left) {
      most = middle;
    } else {
      limit = middle - 1;
    }
  }
  return most;
}

LanguageModel::LanguageModel(std::shared_ptr<const ModelFile> file, Backend& backend,
                             const LanguageModelOptions& options)
    : config_(model_config(file->metadata())),
      family_(find_family(config_.architecture)),
      max_rows_(options.max_rows),
      context_(choose_context(*file, config_, backend, options)),
      weights_(std::move(file), backend, options.stop) {
  decoder_ = family_.load({.weights = weights_,
                           .config = config_,
                           .backend = backend,
                           .kv_type = options.kv_type,
                           .max_rows = options.max_rows,
                           .context = options.context > 0 ? options.context : config_.context});
  weights_.expect_all_taken();
  backend.reserve(options.max_rows * std::max<int64_t>(config_.experts.used, 1), widest(config_));
  cache_ = std::make_unique<KvCache>(decoder_->plan(), backend, choose_cache(options.cache_bytes));
}

}  // namespace deskhand
