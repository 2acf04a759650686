#include "core/blocks.h"

#include <fmt/format.h>

#include <numeric>

#include "core/gated_delta.h"
#include "kernels/check.h"

namespace deskhand {
namespace {

std::vector<LayerMemory> layer_memories(const ModelConfig& config, const Backend& backend) {
  std::vector<LayerMemory> out(static_cast<size_t>(config.layers));
  for (int64_t i = 0; i < config.layers; ++i) {
    LayerMemory& memory = out[static_cast<size_t>(i)];
    const LayerShape& shape = config.shape(i);
    memory = {.kv_heads = shape.kv_heads, .head_dim = shape.head_dim};
    if (shape.kv_layer != i) memory.of_layer = shape.kv_layer;
    if (config.has_window(i)) memory.window = config.window;
    if (config.sees_pictures(i)) {
      memory.tiles = config.cross.tiles;
      memory.tile_rows = config.cross.tile_rows;
    }
    if (config.is_recurrent(i)) memory = {.state_bytes = gated_delta_state_bytes(config.delta, backend)};
  }
  return out;
}

/// Longrope has a list for contexts within the original length and one for longer ones.
const float* rope_divisors(const LoadContext& context) {
  const RopeConfig& rope = context.config.rope;
  const int64_t pairs = rope.width / 2;
  if (rope.scaling != RopeScaling::longrope) return context.weights.vector_if("rope_freqs.weight", pairs);
  const float* longer = context.weights.vector("rope_factors_long.weight", pairs).data();
  const float* shorter = context.weights.vector("rope_factors_short.weight", pairs).data();
  return context.context > rope.original_context ? longer : shorter;
}

}  // namespace

KvPlan kv_plan(const ModelConfig& config, DType type, const Backend& backend) {
  return KvPlan(layer_memories(config, backend), type, backend);
}

Matrix::Matrix(Backend& backend, int64_t max_rows, int64_t cols)
    : buffer_(backend.allocate(static_cast<size_t>(max_rows * cols) * sizeof(float))),
      max_rows_(max_rows),
      cols_(cols) {}

View Matrix::first(int64_t rows) const {
  CHECK(rows <= max_rows_, "{} of {} rows", rows, max_rows_);
  return {buffer_->data(), DType::f32, rows, cols_};
}

Rotation::Rotation(const RopeConfig& rope, std::vector<float> frequencies, float amplitude)
    : frequencies_(std::move(frequencies)),
      axis_(rope.axis),
      amplitude_(amplitude),
      pairing_(rope.adjacent ? RopePairing::adjacent : RopePairing::halves) {}

Rotation::Rotation(const LoadContext& context)
    : Rotation(context.config.rope, rope_frequencies(context.config.rope, context.context, rope_divisors(context)),
               context.config.rope.amplitude) {}

Rotation Rotation::of_windows(const ModelConfig& config) {
  return {config.rope, window_rope_frequencies(config.rope), 1.0f};
}

void Rotation::operator()(Backend& backend, const Batch& batch, View x, int64_t head_dim) const {
  RopeTable table{.inv_freq = frequencies_, .scale = amplitude_, .pairing = pairing_};
  if (axis_.empty() || batch.grid_positions().empty()) {
    backend.rope(x, head_dim, table, batch.positions());
    return;
  }
  table.axis = axis_;
  table.axes = PromptImages::axes;
  backend.rope(x, head_dim, table, batch.grid_positions());
}

Embedding::Embedding(const LoadContext& context)
    : backend_(context.backend),
      table_(context.weights.matrix("token_embd.weight",
                                    {.rows = context.config.embeddings, .cols = context.config.width})),
      counting_(static_cast<size_t>(context.max_rows)) {
  std::iota(counting_.begin(), counting_.end(), 0);
}

void Embedding::operator()(const Batch& batch, View h, float scale) const {
  backend_.embed(h, table_, batch.ids(), scale);
  for (const Batch::ImageRun& run : batch.images()) {
    const ConstView rows = run.features->rows.slice(run.first_feature, run.rows);
    backend_.gather_rows(h.slice(run.first, run.rows), rows, std::span(counting_).first(static_cast<size_t>(run.rows)));
  }
}

void Embedding::add_behind(int64_t layer, const Batch& batch, View h) const {
  for (const Batch::ImageRun& run : batch.images()) {
    if (static_cast<size_t>(layer) >= run.features->addends.size()) continue;
    const ConstView& rows = run.features->addends[static_cast<size_t>(layer)];
    backend_.add(h.slice(run.first, run.rows), rows.slice(run.first_feature, run.rows));
  }
}

std::string layer_tensor(int64_t layer, std::string_view name) {
  return fmt::format("blk.{}.{}", layer, name);
}

PagedAttention::PagedAttention(const LoadContext& context)
    : backend_(context.backend),
      plan_(kv_plan(context.config, context.kv_type, context.backend)),
      heads_(context.config.heads),
      scale_(context.config.attention_scale),
      stripes_(context.config.stripes) {}

void PagedAttention::operator()(int64_t layer, const Batch& batch, const Heads& heads, View out) const {
  const KvPlan::Place& place = plan_.layer(layer);
  const AttentionShape shape{.kv = place.layout,
                             .page_offset = place.offset,
                             .heads = heads_,
                             .scale = scale_,
                             .stripe = stripes_.empty() ? -1 : stripes_[static_cast<size_t>(layer)]};
  if (heads.k.data != nullptr) backend_.kv_write(shape, batch.slots(place.group), heads.k, heads.v);
  backend_.attention_paged(out, heads.q, shape, batch.attention(place.group));
}

OutputHead::OutputHead(const LoadContext& context)
    : backend_(context.backend),
      norm_(context.weights.vector("output_norm.weight", context.config.width)),
      weight_(context.weights.matrix_or("output.weight", "token_embd.weight",
                                        {.rows = context.config.vocabulary, .cols = context.config.width})),
      eps_(context.config.rms_eps),
      softcap_(context.config.final_softcap),
      rows_(context.backend, context.max_rows, context.config.width) {}

void OutputHead::operator()(const Batch& batch, ConstView h, View logits) const {
  const auto wanted = static_cast<int64_t>(batch.logit_rows().size());
  if (wanted == 0) return;
  CHECK(logits.rows == wanted, "{} rows of logits for {}", logits.rows, wanted);
  const View rows = rows_.first(wanted);
  backend_.gather_rows(rows, h, batch.logit_rows());
  backend_.rms_norm(rows, rows, norm_, eps_);
  const MatmulTerm product{.y = logits, .weight = &weight_};
  backend_.matmul({&product, 1}, rows);
  if (softcap_ != 0.0f) backend_.soft_cap(logits, softcap_);
}

}  // namespace deskhand
