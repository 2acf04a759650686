#include "core/language_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/blocks.h"
#include "core/memory.h"

namespace deskhand {
namespace {

constexpr double gib = 1024.0 * 1024.0 * 1024.0;

/// Whether it belongs to a layer behind the decoder's, which stays on disk.
bool is_behind(std::string_view tensor, const ModelConfig& config) {
  constexpr std::string_view prefix = "blk.";
  if (!tensor.starts_with(prefix)) return false;
  int64_t layer = -1;
  (void)std::from_chars(tensor.data() + prefix.size(), tensor.data() + tensor.size(), layer);
  return layer >= config.layers && layer < config.stored_layers;
}

/// Bytes of the tensors, in the backend's own layout or as pages of the file that it reads over and over.
size_t tensor_bytes(const ModelFile& file, const ModelConfig& config) {
  size_t bytes = 0;
  for (const TensorInfo& tensor : file.tensors()) {
    if (tensor.data != nullptr && !is_behind(tensor.name, config)) bytes += tensor.bytes;
  }
  return bytes;
}

/// The most tokens of 1…limit that fit, or 0; what fits, fits with fewer.
template <class Fit>
int64_t most_that_fits(int64_t limit, const Fit& fit) {
  int64_t most = 0;
  while (most < limit) {
    const int64_t middle = most + (limit - most + 1) / 2;
    if (fit(middle)) {
      most = middle;
    } else {
      limit = middle - 1;
    }
  }
  return most;
}

/// Tokens of context: those asked for, or the trained ones, within the memory that the weights leave.
int64_t choose_context(const ModelFile& file, const ModelConfig& config, const Backend& backend,
                       const LanguageModelOptions& options) {
  constexpr double usable = 0.875;  // the rest is for what a forward pass needs, and for others
  const double memory = usable * static_cast<double>(available_memory());
  const auto weights = static_cast<double>(tensor_bytes(file, config));
  const KvPlan plan = kv_plan(config, options.kv_type, backend);
  const auto fit = [&](int64_t tokens) { return weights + plan.bytes(tokens, options.max_rows) <= memory; };
  // A page is taken as a whole, so nothing shorter is worth choosing.
  const int64_t least = options.context > 0 ? options.context : std::min(config.context, KvPlan::page_tokens);
  const int64_t most = most_that_fits(options.context > 0 ? least : config.context, fit);
  if (most >= least) return most;
  throw NotEnoughMemory(fmt::format(
      "{}: {:.1f} GiB of weights and {:.1f} GiB for a context of {} tokens do not fit into the {:.1f} GiB of "
      "memory that are free, of which an eighth is left alone; {}",
      file.path().string(), weights / gib, plan.bytes(least, options.max_rows) / gib, least, memory / usable / gib,
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
