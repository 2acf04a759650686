#include "core/language_model.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/memory.h"

namespace deskhand {
namespace {

constexpr double gib = 1024.0 * 1024.0 * 1024.0;

/// Tokens of context: those asked for, or the trained ones, within the memory that is left.
int64_t choose_context(int64_t asked, int64_t trained, const KvPlan& plan, int64_t max_rows) {
  constexpr double usable = 0.75;  // the rest is for weights that are not in memory yet, and for others
  const double memory = usable * static_cast<double>(available_memory());
  const auto fixed = static_cast<double>(plan.fixed_bytes(max_rows));
  const auto per_token = static_cast<double>(plan.bytes_per_token());
  constexpr double unbounded = 1e15;
  const double fits = per_token > 0.0 ? std::max(0.0, memory - fixed) / per_token : unbounded;
  if (asked <= 0) {
    const auto most = static_cast<int64_t>(std::min(fits, static_cast<double>(trained)));
    return std::max(most, std::min(trained, KvPlan::page_tokens));
  }
  if (static_cast<double>(asked) <= fits) return asked;
  throw NotEnoughMemory(
      fmt::format("a context of {} tokens needs {:.1f} GiB of memory, {:.1f} GiB are free; at most {} fit", asked,
                  (fixed + static_cast<double>(asked) * per_token) / gib, memory / gib, static_cast<int64_t>(fits)));
}

size_t choose_cache(size_t asked) {
  constexpr size_t most = size_t{4} << 30, share = 8;
  return asked != automatic_cache ? asked : std::min(most, available_memory() / share);
}

/// Returns the file when its tensors fit into the memory that is left: backends keep a copy in their own layout.
std::shared_ptr<const ModelFile> expect_room(std::shared_ptr<const ModelFile> file) {
  size_t bytes = 0;
  for (const TensorInfo& tensor : file->tensors()) bytes += tensor.data != nullptr ? tensor.bytes : 0;
  const size_t memory = available_memory();
  if (bytes <= memory) return file;
  throw NotEnoughMemory(fmt::format("{} needs {:.1f} GiB of memory, {:.1f} GiB are free", file->path().string(),
                                    static_cast<double>(bytes) / gib, static_cast<double>(memory) / gib));
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
      weights_(expect_room(std::move(file)), backend, options.stop),
      max_rows_(options.max_rows) {
  const Family& family = find_family(config_.architecture);
  decoder_ = family.load({.weights = weights_,
                          .config = config_,
                          .backend = backend,
                          .kv_type = options.kv_type,
                          .max_rows = options.max_rows,
                          .context = options.context > 0 ? options.context : config_.context});
  weights_.expect_all_taken();
  backend.reserve(options.max_rows * std::max<int64_t>(config_.experts.used, 1), widest(config_));
  context_ = choose_context(options.context, config_.context, decoder_->plan(), options.max_rows);
  cache_ = std::make_unique<KvCache>(decoder_->plan(), backend, choose_cache(options.cache_bytes));
}

}  // namespace deskhand
