// Llama: rotary grouped-query attention and a gated feed-forward network, both behind RMS norms, on a residual stream.
// The dimensions: n rows of the batch, D width, H query heads and G key-value heads of d values, F inner width.

#include "core/families/llama.h"

#include <fmt/format.h>

namespace deskhand {

bool LlamaDecoder::forward(const Batch& batch, View logits) {
  const int64_t n = batch.rows();
  const View h = h_.first(n), x = x_.first(n);          // [n, D]
  const View q = q_.first(n), a = a_.first(n);          // [n, H·d]
  const View k = k_.first(n), v = v_.first(n);          // [n, G·d]
  const View gate = gate_.first(n), up = up_.first(n);  // [n, F]
  const float eps = config_.rms_eps;

  // h = E[ids], and the features of pictures in their rows
  embedding_(batch, h);

  for (int64_t i = 0; i < config_.layers; ++i) {
    if (batch.stop_requested()) return false;
    if (config_.sees_pictures(i)) {
      (*cross_)(plan().layer(i), cross_layers_[static_cast<size_t>(i)], batch, h);
      continue;
    }
    const Layer& layer = layers_[static_cast<size_t>(i)];

    // x = rms(h);  q, k, v = x·Wqᵀ, x·Wkᵀ, x·Wvᵀ (+ biases)
    backend_.rms_norm(x, h, layer.attention_norm, eps);
    const MatmulTerm qkv[] = {{.y = q, .weight = layer.wq, .bias = layer.bq},
                              {.y = k, .weight = layer.wk, .bias = layer.bk},
                              {.y = v, .weight = layer.wv, .bias = layer.bv}};
    backend_.matmul(qkv, x);

    // Each head of q and k is normed where the family does so. Its pair i turns by position · θ^(−2i/d), scaled.
    if (!layer.q_norm.empty()) {
      backend_.rms_norm(q, q, layer.q_norm, eps);
      backend_.rms_norm(k, k, layer.k_norm, eps);
    }
    if (config_.layer_turns(i)) {
      rotation_(backend_, batch, q, config_.head_dim);
      rotation_(backend_, batch, k, config_.head_dim);
    }

    // a = softmax(q·Kᵀ / √d)·V over the past or its window; query head j uses key-value head j / (H/G).  h += a·Woᵀ
    attention_(i, batch, {.q = q, .k = k, .v = v}, a);
    const MatmulTerm out[] = {{.y = h, .weight = layer.wo, .accumulate = true}};
    backend_.matmul(out, a);

    // x = rms(h);  h += (silu(x·Wgateᵀ) ⊙ x·Wupᵀ)·Wdownᵀ
    backend_.rms_norm(x, h, layer.ffn_norm, eps);
    const MatmulTerm inner[] = {{.y = gate, .weight = layer.w_gate}, {.y = up, .weight = layer.w_up}};
    backend_.matmul(inner, x);
    backend_.glu(gate, gate, up, Activation::silu);
    const MatmulTerm down[] = {{.y = h, .weight = layer.w_down, .accumulate = true}};
    backend_.matmul(down, gate);
    embedding_.add_behind(i, batch, h);
  }

  // logits = rms(h)·Eᵀ or ·Woutᵀ
  head_(batch, h, logits);
  return true;
}

bool LlamaDecoder::remember(const ImageFeatures& picture, PictureMemory& memory, const std::stop_token& stop) {
  const int64_t rows = config_.cross.tiles * config_.cross.tile_rows;
  if (cross_ == nullptr || picture.rows.rows != rows || picture.rows.cols != config_.width) {
    throw ModelFileError(
        fmt::format("the eyes make {} rows of {} values of a picture, the language model attends to "
                    "{} of {}: the eyes are of another model",
                    picture.rows.rows, picture.rows.cols, rows, config_.width));
  }
  for (int64_t i = 0; i < config_.layers; ++i) {
    if (stop.stop_requested()) return false;
    if (config_.sees_pictures(i)) {
      cross_->remember(plan().layer(i), cross_layers_[static_cast<size_t>(i)], picture.rows, memory);
    }
  }
  memory.made = true;
  return true;
}

LlamaDecoder::LlamaDecoder(const LoadContext& context, Variant variant)
    : backend_(context.backend),
      config_(context.config),
      embedding_(context),
      cross_(config_.cross.layers.empty() ? nullptr : std::make_unique<CrossAttention>(context)),
      rotation_(context),
      attention_(context),
      head_(context),
      h_(backend_, context.max_rows, config_.width),
      x_(backend_, context.max_rows, config_.width),
      q_(backend_, context.max_rows, config_.query_width()),
      k_(backend_, context.max_rows, config_.kv_width()),
      v_(backend_, context.max_rows, config_.kv_width()),
      a_(backend_, context.max_rows, config_.query_width()),
      gate_(backend_, context.max_rows, config_.feed_forward),
      up_(backend_, context.max_rows, config_.feed_forward) {
  for (int64_t i = 0; i < config_.layers; ++i) {
    const bool crosses = config_.sees_pictures(i);
    layers_.push_back(crosses ? Layer{} : load_layer(context, variant, i));
    if (cross_) cross_layers_.push_back(crosses ? cross_->load(context, i) : CrossAttention::Layer{});
  }
}

LlamaDecoder::Layer LlamaDecoder::load_layer(const LoadContext& context, Variant variant, int64_t index) const {
  Weights& weights = context.weights;
  const int64_t width = config_.width, inner = config_.feed_forward;
  const int64_t query = config_.query_width(), kv = config_.kv_width();
  const auto matrix = [&](std::string_view name, int64_t rows, int64_t cols) {
    return &weights.matrix(layer_tensor(index, name), {.rows = rows, .cols = cols});
  };
  const auto shared = [&](std::string_view name, int64_t rows, int64_t cols) {
    return &weights.matrix(layer_tensor(config_.ffn_layer(index), name), {.rows = rows, .cols = cols});
  };
  const auto head_norm = [&](std::string_view name) {
    return variant.norms_heads ? weights.vector(layer_tensor(index, name), config_.head_dim) : std::span<const float>{};
  };
  const auto bias = [&](std::string_view name, int64_t size) {
    const std::string tensor = layer_tensor(index, name);
    return variant.needs_qkv_bias ? weights.vector(tensor, size).data() : weights.vector_if(tensor, size);
  };
  return {.attention_norm = weights.vector(layer_tensor(index, "attn_norm.weight"), width),
          .ffn_norm = weights.vector(layer_tensor(index, "ffn_norm.weight"), width),
          .q_norm = head_norm("attn_q_norm.weight"),
          .k_norm = head_norm("attn_k_norm.weight"),
          .wq = matrix("attn_q.weight", query, width),
          .wk = matrix("attn_k.weight", kv, width),
          .wv = matrix("attn_v.weight", kv, width),
          .wo = matrix("attn_output.weight", width, query),
          .bq = bias("attn_q.bias", query),
          .bk = bias("attn_k.bias", kv),
          .bv = bias("attn_v.bias", kv),
          .w_gate = shared("ffn_gate.weight", inner, width),
          .w_up = shared("ffn_up.weight", inner, width),
          .w_down = shared("ffn_down.weight", width, inner)};
}

namespace {

std::unique_ptr<Decoder> load(const LoadContext& context) {
  return std::make_unique<LlamaDecoder>(context, LlamaDecoder::Variant{});
}

constexpr std::string_view model_types[] = {"llama", "mistral"};

// The text part of a config.json that describes eyes too says only what differs from these; Mistral's says all.
constexpr std::string_view defaults = R"({
  "vocab_size": 32000, "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32,
  "num_attention_heads": 32, "max_position_embeddings": 2048, "rms_norm_eps": 1e-6
})";

}  // namespace

extern const Family family_llama;
const Family family_llama{
    .architecture = "llama",
    .load = load,
    .hugging_face = {.model_types = model_types, .layer_tensors = llama_tensors, .defaults = defaults}};

}  // namespace deskhand
