// Gemma 3 (text): as Llama, but norms on both sides of every block, norms on the heads of queries and keys, GELU, a
// scaled embedding, and a window on most layers, which turn by another base. The dimensions: n rows of the batch, D
// width, H query heads and G key-value heads of d values, F inner width.

#include <cmath>

#include "core/blocks.h"

namespace deskhand {
namespace {

class Gemma3Decoder final : public Decoder {
 public:
  explicit Gemma3Decoder(const LoadContext& context);
  const KvPlan& plan() const override { return attention_.plan(); }
  bool forward(const Batch& batch, View logits) override;

 private:
  struct Layer {
    std::span<const float> attention_norm, post_attention_norm, ffn_norm, post_ffn_norm;  // [width], 1 + w
    std::span<const float> q_norm, k_norm;                                                // [head_dim]
    const Weight *wq, *wk, *wv, *wo, *w_gate, *w_up, *w_down;                             // [outputs, inputs]
  };

  Backend& backend_;
  ModelConfig config_;
  Embedding embedding_;
  std::vector<Layer> layers_;
  Rotation global_, local_;
  PagedAttention attention_;
  OutputHead head_;
  Matrix h_, x_, y_, q_, k_, v_, a_, gate_, up_;
};

bool Gemma3Decoder::forward(const Batch& batch, View logits) {
  const int64_t n = batch.rows(), d = config_.head_dim;
  const View h = h_.first(n), x = x_.first(n), y = y_.first(n);  // [n, D]
  const View q = q_.first(n), a = a_.first(n);                   // [n, H·d]
  const View k = k_.first(n), v = v_.first(n);                   // [n, G·d]
  const View gate = gate_.first(n), up = up_.first(n);           // [n, F]
  const float eps = config_.rms_eps;

  // h = √D · E[ids], and the features of pictures in their rows
  embedding_(batch, h, std::sqrt(static_cast<float>(config_.width)));

  for (int64_t i = 0; i < config_.layers; ++i) {
    if (batch.stop_requested()) return false;
    const Layer& layer = layers_[static_cast<size_t>(i)];

    // x = rms(h);  q, k, v = x·Wqᵀ, x·Wkᵀ, x·Wvᵀ
    backend_.rms_norm(x, h, layer.attention_norm, eps);
    const MatmulTerm qkv[] = {{.y = q, .weight = layer.wq}, {.y = k, .weight = layer.wk}, {.y = v, .weight = layer.wv}};
    backend_.matmul(qkv, x);

    // Each head of q and k is normed, then turned: by the local base where the layer has a window.
    backend_.rms_norm(q, q, layer.q_norm, eps);
    backend_.rms_norm(k, k, layer.k_norm, eps);
    const Rotation& rotation = config_.has_window(i) ? local_ : global_;
    rotation(backend_, batch, q, d);
    rotation(backend_, batch, k, d);

    // a = softmax(scale · q·Kᵀ)·V over the past or its window.  h += rms(a·Woᵀ)
    attention_(i, batch, {.q = q, .k = k, .v = v}, a);
    const MatmulTerm out[] = {{.y = y, .weight = layer.wo}};
    backend_.matmul(out, a);
    backend_.rms_norm(y, y, layer.post_attention_norm, eps);
    backend_.add(h, y);

    // x = rms(h);  h += rms((gelu(x·Wgateᵀ) ⊙ x·Wupᵀ)·Wdownᵀ)
    backend_.rms_norm(x, h, layer.ffn_norm, eps);
    const MatmulTerm inner[] = {{.y = gate, .weight = layer.w_gate}, {.y = up, .weight = layer.w_up}};
    backend_.matmul(inner, x);
    backend_.glu(gate, gate, up, Activation::gelu_tanh);
    const MatmulTerm down[] = {{.y = y, .weight = layer.w_down}};
    backend_.matmul(down, gate);
    backend_.rms_norm(y, y, layer.post_ffn_norm, eps);
    backend_.add(h, y);
  }

  // logits = rms(h)·Eᵀ
  head_(batch, h, logits);
  return true;
}

Gemma3Decoder::Gemma3Decoder(const LoadContext& context)
    : backend_(context.backend),
      config_(context.config),
      embedding_(context),
      global_(context),
      local_(Rotation::of_windows(config_)),
      attention_(context),
      head_(context),
      h_(backend_, context.max_rows, config_.width),
      x_(backend_, context.max_rows, config_.width),
      y_(backend_, context.max_rows, config_.width),
      q_(backend_, context.max_rows, config_.query_width()),
      k_(backend_, context.max_rows, config_.kv_width()),
      v_(backend_, context.max_rows, config_.kv_width()),
      a_(backend_, context.max_rows, config_.query_width()),
      gate_(backend_, context.max_rows, config_.feed_forward),
      up_(backend_, context.max_rows, config_.feed_forward) {
  const int64_t width = config_.width, inner = config_.feed_forward;
  const int64_t query = config_.query_width(), kv = config_.kv_width();
  for (int64_t i = 0; i < config_.layers; ++i) {
    const auto matrix = [&](std::string_view name, int64_t rows, int64_t cols) {
      return &context.weights.matrix(layer_tensor(i, name), {.rows = rows, .cols = cols});
    };
    const auto shared = [&](std::string_view name, int64_t rows, int64_t cols) {
      return &context.weights.matrix(layer_tensor(config_.ffn_layer(i), name), {.rows = rows, .cols = cols});
    };
    const auto norm = [&](std::string_view name, int64_t size) {
      return context.weights.vector(layer_tensor(i, name), size);
    };
    layers_.push_back({.attention_norm = norm("attn_norm.weight", width),
                       .post_attention_norm = norm("post_attention_norm.weight", width),
                       .ffn_norm = norm("ffn_norm.weight", width),
                       .post_ffn_norm = norm("post_ffw_norm.weight", width),
                       .q_norm = norm("attn_q_norm.weight", config_.head_dim),
                       .k_norm = norm("attn_k_norm.weight", config_.head_dim),
                       .wq = matrix("attn_q.weight", query, width),
                       .wk = matrix("attn_k.weight", kv, width),
                       .wv = matrix("attn_v.weight", kv, width),
                       .wo = matrix("attn_output.weight", width, query),
                       .w_gate = shared("ffn_gate.weight", inner, width),
                       .w_up = shared("ffn_up.weight", inner, width),
                       .w_down = shared("ffn_down.weight", width, inner)});
  }
}

std::unique_ptr<Decoder> load(const LoadContext& context) {
  return std::make_unique<Gemma3Decoder>(context);
}

constexpr std::string_view model_types[] = {"gemma3_text"};

constexpr TensorAlias layer_tensors[] = {
    {"input_layernorm.weight", "attn_norm.weight"},
    {"self_attn.q_proj.weight", "attn_q.weight"},
    {"self_attn.k_proj.weight", "attn_k.weight"},
    {"self_attn.v_proj.weight", "attn_v.weight"},
    {"self_attn.o_proj.weight", "attn_output.weight"},
    {"self_attn.q_norm.weight", "attn_q_norm.weight"},
    {"self_attn.k_norm.weight", "attn_k_norm.weight"},
    {"post_attention_layernorm.weight", "post_attention_norm.weight"},
    {"pre_feedforward_layernorm.weight", "ffn_norm.weight"},
    {"post_feedforward_layernorm.weight", "post_ffw_norm.weight"},
    {"mlp.gate_proj.weight", "ffn_gate.weight"},
    {"mlp.up_proj.weight", "ffn_up.weight"},
    {"mlp.down_proj.weight", "ffn_down.weight"},
};

// The text part of a config.json that describes eyes too says only what differs from these.
constexpr std::string_view defaults = R"({
  "vocab_size": 262208, "hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 26,
  "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 256, "hidden_activation": "gelu_pytorch_tanh",
  "max_position_embeddings": 131072, "rms_norm_eps": 1e-6, "tie_word_embeddings": true, "query_pre_attn_scalar": 256,
  "sliding_window": 4096, "rope_theta": 1000000.0, "rope_local_base_freq": 10000.0
})";

}  // namespace

extern const Family family_gemma3;
const Family family_gemma3{.architecture = "gemma3",
                           .load = load,
                           .hugging_face = {.model_types = model_types,
                                            .layer_tensors = layer_tensors,
                                            .activation = "gelu_pytorch_tanh",
                                            .norms_lack_one = true,
                                            .defaults = defaults}};

}  // namespace deskhand
