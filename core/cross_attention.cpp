#include "core/cross_attention.h"

#include <algorithm>
#include <cmath>

namespace deskhand {

// The dimensions: n rows that see pictures, D width, H query heads and G key-value heads of d values, F inner width.
void CrossAttention::operator()(const KvPlan::Place& place, const Layer& layer, const Batch& batch, View h) {
  const Batch::Seeing& seeing = batch.seeing();
  const auto n = static_cast<int64_t>(seeing.rows.size());
  if (n == 0) return;
  const View x = x_.first(n), q = q_.first(n), a = a_.first(n);  // [n, D], [n, H·d] twice

  // x = rms(h);  q = rms(x·Wqᵀ), each head normed alone; nothing turns
  backend_.gather_rows(x, h, seeing.rows);
  backend_.rms_norm(x, x, layer.attention_norm, config_.rms_eps);
  const MatmulTerm query{.y = q, .weight = layer.wq};
  backend_.matmul({&query, 1}, x);
  backend_.rms_norm(q, q, layer.q_norm, config_.rms_eps);

  // a = softmax(q·Kᵀ / √d)·V over the tiles that the row sees.  h += tanh(g)·a·Woᵀ
  backend_.attention_paged(a, q, shape(place), seeing.keys);
  const MatmulTerm out{.y = x, .weight = layer.wo};
  backend_.matmul({&out, 1}, a);
  shares_.assign(seeing.rows.size(), layer.attention_gate);
  backend_.scatter_add(h, x, seeing.rows, shares_);
  transform(layer, seeing, h);
}

/// h += tanh(g)·(silu(x·Wgateᵀ) ⊙ x·Wupᵀ)·Wdownᵀ, x = rms(h); rows before the first picture are left out.
void CrossAttention::transform(const Layer& layer, const Batch::Seeing& seeing, View h) {
  const auto n = static_cast<int64_t>(seeing.rows.size());
  const View x = x_.first(n), gate = gate_.first(n), up = up_.first(n);  // [n, D], [n, F] twice
  backend_.gather_rows(x, h, seeing.rows);
  backend_.rms_norm(x, x, layer.ffn_norm, config_.rms_eps);
  const MatmulTerm inner[] = {{.y = gate, .weight = layer.w_gate}, {.y = up, .weight = layer.w_up}};
  backend_.matmul(inner, x);
  backend_.glu(gate, gate, up, Activation::silu);
  const MatmulTerm down{.y = x, .weight = layer.w_down};
  backend_.matmul({&down, 1}, gate);
  for (size_t i = 0; i < shares_.size(); ++i) shares_[i] = seeing.is_behind[i] ? layer.ffn_gate : 0.0f;
  backend_.scatter_add(h, x, seeing.rows, shares_);
}

void CrossAttention::remember(const KvPlan::Place& place, const Layer& layer, ConstView rows,
                              const PictureMemory& memory) {
  const auto most = static_cast<int64_t>(slots_.size());
  for (int64_t first = 0; first < rows.rows; first += most) {
    const int64_t n = std::min(most, rows.rows - first);
    const View k = k_.first(n), v = v_.first(n);  // [n, G·d]
    const MatmulTerm terms[] = {{.y = k, .weight = layer.wk}, {.y = v, .weight = layer.wv}};
    backend_.matmul(terms, rows.slice(first, n));
    backend_.rms_norm(k, k, layer.k_norm, config_.rms_eps);
    for (int64_t i = 0; i < n; ++i) {
      slots_[static_cast<size_t>(i)] = {.pages = memory.pages.data(), .begin = 0, .end = first + i + 1};
    }
    backend_.kv_write(shape(place), std::span(slots_).first(static_cast<size_t>(n)), k, v);
  }
}

AttentionShape CrossAttention::shape(const KvPlan::Place& place) const {
  return {.kv = place.layout, .page_offset = place.offset, .heads = config_.heads, .scale = config_.attention_scale};
}

CrossAttention::CrossAttention(const LoadContext& context)
    : backend_(context.backend),
      config_(context.config),
      x_(backend_, context.max_rows, config_.width),
      q_(backend_, context.max_rows, config_.query_width()),
      k_(backend_, context.max_rows, config_.kv_width()),
      v_(backend_, context.max_rows, config_.kv_width()),
      a_(backend_, context.max_rows, config_.query_width()),
      gate_(backend_, context.max_rows, config_.feed_forward),
      up_(backend_, context.max_rows, config_.feed_forward),
      slots_(static_cast<size_t>(context.max_rows)) {
  shares_.reserve(slots_.size());
}

CrossAttention::Layer CrossAttention::load(const LoadContext& context, int64_t layer) const {
  Weights& weights = context.weights;
  const int64_t width = config_.width, inner = config_.feed_forward;
  const int64_t query = config_.query_width(), kv = config_.kv_width();
  const auto matrix = [&](std::string_view name, int64_t rows, int64_t cols) {
    return &weights.matrix(layer_tensor(layer, name), {.rows = rows, .cols = cols});
  };
  const auto vector = [&](std::string_view name, int64_t size) {
    return weights.vector(layer_tensor(layer, name), size);
  };
  return {.attention_norm = vector("attn_norm.weight", width),
          .ffn_norm = vector("ffn_norm.weight", width),
          .q_norm = vector("cross_attn_q_norm.weight", config_.head_dim),
          .k_norm = vector("cross_attn_k_norm.weight", config_.head_dim),
          .wq = matrix("cross_attn_q.weight", query, width),
          .wk = matrix("cross_attn_k.weight", kv, width),
          .wv = matrix("cross_attn_v.weight", kv, width),
          .wo = matrix("cross_attn_output.weight", width, query),
          .w_gate = matrix("ffn_gate.weight", inner, width),
          .w_up = matrix("ffn_up.weight", inner, width),
          .w_down = matrix("ffn_down.weight", width, inner),
          .attention_gate = std::tanh(vector("cross_attn_gate", 1)[0]),
          .ffn_gate = std::tanh(vector("cross_ffn_gate", 1)[0])};
}

}  // namespace deskhand
