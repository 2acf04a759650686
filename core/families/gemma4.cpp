// Gemma 4 (dense): as Gemma 3, but with plain norms, unscaled scores, normed values, heads that differ between the
// layers with a window and those that see all, last layers that attend to what earlier ones remember, and, in the small
// models, values of each token for each layer. The dimensions: n rows of the batch, D width, H query heads and G
// key-value heads of d values, F inner width, P values of a token for a layer, L layers.

#include <cmath>

#include "core/blocks.h"

namespace deskhand {
namespace {

class Gemma4Decoder final : public Decoder {
 public:
  explicit Gemma4Decoder(const LoadContext& context);
  const KvPlan& plan() const override { return attention_.plan(); }
  bool forward(const Batch& batch, View logits) override;

 private:
  struct Layer {
    std::span<const float> attention_norm, post_attention_norm, ffn_norm, post_ffn_norm;  // [D]
    std::span<const float> q_norm, k_norm;                                                // [d]
    const Weight *wq, *wk, *wv, *wo, *w_gate, *w_up, *w_down;  // no wk: another layer's; no wv: values are the keys
    const Weight *own_gate = nullptr, *own_out = nullptr;      // of the token's values for this layer
    std::span<const float> own_norm;                           // [D]
    std::span<const float> scale;                              // [1]
  };

  Layer load_layer(const LoadContext& context, int64_t index) const;
  void attend(int64_t index, const Batch& batch);
  void transform(int64_t index, int64_t rows);
  void prepare_own(const Batch& batch);
  void add_own(int64_t index, int64_t rows);

  Backend& backend_;
  ModelConfig config_;
  Embedding embedding_;
  std::vector<Layer> layers_;
  Rotation global_, local_;
  PagedAttention attention_;
  OutputHead head_;
  std::vector<float> ones_;
  const Weight *own_table_ = nullptr, *own_product_ = nullptr;  // [vocabulary, L·P], [L·P, D]
  std::vector<float> own_norm_;                                 // [P], divided by √2
  Matrix h_, x_, y_, q_, k_, v_, a_, gate_, up_, own_, own_read_;
};

bool Gemma4Decoder::forward(const Batch& batch, View logits) {
  const int64_t n = batch.rows();
  const View h = h_.first(n);  // [n, D]

  // h = √D · E[ids], and the features of pictures in their rows
  embedding_(batch, h, std::sqrt(static_cast<float>(config_.width)));
  if (own_table_ != nullptr) prepare_own(batch);

  for (int64_t i = 0; i < config_.layers; ++i) {
    if (batch.stop_requested()) return false;
    attend(i, batch);
    transform(i, n);
    if (own_table_ != nullptr) add_own(i, n);
    backend_.scale(h, layers_[static_cast<size_t>(i)].scale[0]);
  }

  // logits = cap · tanh(rms(h)·Eᵀ / cap)
  head_(batch, h, logits);
  return true;
}

/// h += rms(softmax(q·Kᵀ)·V·Woᵀ) of x = rms(h)
void Gemma4Decoder::attend(int64_t index, const Batch& batch) {
  const Layer& layer = layers_[static_cast<size_t>(index)];
  const LayerShape& shape = config_.shape(index);
  const int64_t n = batch.rows(), d = shape.head_dim;
  const auto narrow = [n](const Matrix& matrix, int64_t width) {
    return View(matrix.first(n).data, DType::f32, n, width);
  };
  const View h = h_.first(n), x = x_.first(n), y = y_.first(n);                       // [n, D]
  const View q = narrow(q_, config_.heads * d), a = narrow(a_, config_.heads * d);    // [n, H·d]
  const View k = narrow(k_, shape.kv_heads * d), v = narrow(v_, shape.kv_heads * d);  // [n, G·d]
  const float eps = config_.rms_eps;
  const std::span<const float> ones = std::span(ones_).first(static_cast<size_t>(d));
  const Rotation& rotation = config_.has_window(index) ? local_ : global_;

  backend_.rms_norm(x, h, layer.attention_norm, eps);
  const MatmulTerm query{.y = q, .weight = layer.wq};
  backend_.matmul({&query, 1}, x);
  backend_.rms_norm(q, q, layer.q_norm, eps);
  rotation(backend_, batch, q, d);
  if (layer.wk != nullptr) {
    // Values are normed without a weight; where there is no product for them they are the keys before their norm.
    const MatmulTerm key{.y = k, .weight = layer.wk},
        value{.y = v, .weight = layer.wv != nullptr ? layer.wv : layer.wk};
    const MatmulTerm both[] = {key, value};
    backend_.matmul(both, x);
    backend_.rms_norm(v, v, ones, eps);
    backend_.rms_norm(k, k, layer.k_norm, eps);
    rotation(backend_, batch, k, d);
    attention_(index, batch, {.q = q, .k = k, .v = v}, a);
  } else {
    attention_(index, batch, {.q = q, .k = {}, .v = {}}, a);
  }
  const MatmulTerm out{.y = y, .weight = layer.wo};
  backend_.matmul({&out, 1}, a);
  backend_.rms_norm(y, y, layer.post_attention_norm, eps);
  backend_.add(h, y);
}

/// h += rms((gelu(x·Wgateᵀ) ⊙ x·Wupᵀ)·Wdownᵀ) of x = rms(h)
void Gemma4Decoder::transform(int64_t index, int64_t rows) {
  const Layer& layer = layers_[static_cast<size_t>(index)];
  const int64_t inner = config_.shape(index).feed_forward;
  const View h = h_.first(rows), x = x_.first(rows), y = y_.first(rows);
  const View gate(gate_.first(rows).data, DType::f32, rows, inner), up(up_.first(rows).data, DType::f32, rows, inner);
  backend_.rms_norm(x, h, layer.ffn_norm, config_.rms_eps);
  const MatmulTerm both[] = {{.y = gate, .weight = layer.w_gate}, {.y = up, .weight = layer.w_up}};
  backend_.matmul(both, x);
  backend_.glu(gate, gate, up, Activation::gelu_tanh);
  const MatmulTerm down{.y = y, .weight = layer.w_down};
  backend_.matmul({&down, 1}, gate);
  backend_.rms_norm(y, y, layer.post_ffn_norm, config_.rms_eps);
  backend_.add(h, y);
}

/// p = (rms(h·Wᵀ / √D) + √P · T[ids]) / √2, each layer's P values normed by themselves. Pictures have the row of token
/// 0.
void Gemma4Decoder::prepare_own(const Batch& batch) {
  const int64_t n = batch.rows();
  const View own = own_.first(n), read = own_read_.first(n);  // [n, L·P]
  const MatmulTerm product{.y = own, .weight = own_product_};
  backend_.matmul({&product, 1}, h_.first(n));
  backend_.scale(own, 1.0f / std::sqrt(static_cast<float>(config_.width)));
  backend_.rms_norm(own, own, own_norm_, config_.rms_eps);
  backend_.embed(read, *own_table_, batch.ids(), std::sqrt(static_cast<float>(config_.layer_embedding) / 2.0f));
  backend_.add(own, read);
}

/// h += rms((gelu(h·Wgateᵀ) ⊙ p)·Woutᵀ)
void Gemma4Decoder::add_own(int64_t index, int64_t rows) {
  const Layer& layer = layers_[static_cast<size_t>(index)];
  const int64_t width = config_.layer_embedding;
  const View h = h_.first(rows), y = y_.first(rows), own = own_.first(rows);
  const View gate(gate_.first(rows).data, DType::f32, rows, width);
  const ConstView part(own.data + static_cast<size_t>(index * width) * sizeof(float), DType::f32, rows, width,
                       own.stride);
  const MatmulTerm in{.y = gate, .weight = layer.own_gate};
  backend_.matmul({&in, 1}, h);
  backend_.glu(gate, gate, part, Activation::gelu_tanh);
  const MatmulTerm out{.y = y, .weight = layer.own_out};
  backend_.matmul({&out, 1}, gate);
  backend_.rms_norm(y, y, layer.own_norm, config_.rms_eps);
  backend_.add(h, y);
}

Gemma4Decoder::Gemma4Decoder(const LoadContext& context)
    : backend_(context.backend),
      config_(context.config),
      embedding_(context),
      global_(context),
      local_(Rotation::of_windows(config_)),
      attention_(context),
      head_(context),
      ones_(static_cast<size_t>(config_.head_dim), 1.0f),
      h_(backend_, context.max_rows, config_.width),
      x_(backend_, context.max_rows, config_.width),
      y_(backend_, context.max_rows, config_.width),
      q_(backend_, context.max_rows, config_.query_width()),
      k_(backend_, context.max_rows, config_.kv_width()),
      v_(backend_, context.max_rows, config_.kv_width()),
      a_(backend_, context.max_rows, config_.query_width()),
      gate_(backend_, context.max_rows, std::max(config_.feed_forward, config_.layer_embedding)),
      up_(backend_, context.max_rows, config_.feed_forward),
      own_(backend_, context.max_rows, config_.layers * config_.layer_embedding),
      own_read_(backend_, context.max_rows, config_.layers * config_.layer_embedding) {
  Weights& weights = context.weights;
  if (config_.layer_embedding > 0) {
    const int64_t own = config_.layers * config_.layer_embedding;
    own_table_ = &weights.matrix("per_layer_token_embd.weight", {.rows = config_.vocabulary, .cols = own});
    own_product_ = &weights.matrix("per_layer_model_proj.weight", {.rows = own, .cols = config_.width});
    const auto norm = weights.vector("per_layer_proj_norm.weight", config_.layer_embedding);
    own_norm_.assign(norm.begin(), norm.end());
    for (float& value : own_norm_) value /= std::sqrt(2.0f);
  }
  for (int64_t i = 0; i < config_.layers; ++i) layers_.push_back(load_layer(context, i));
}

Gemma4Decoder::Layer Gemma4Decoder::load_layer(const LoadContext& context, int64_t index) const {
  Weights& weights = context.weights;
  const LayerShape& shape = config_.shape(index);
  const int64_t width = config_.width, inner = shape.feed_forward, query = config_.heads * shape.head_dim,
                kv = shape.kv_heads * shape.head_dim;
  const auto matrix = [&](std::string_view name, int64_t rows, int64_t cols) {
    return &weights.matrix(layer_tensor(index, name), {.rows = rows, .cols = cols});
  };
  const auto norm = [&](std::string_view name, int64_t size) {
    return weights.vector(layer_tensor(index, name), size);
  };
  Layer layer{.attention_norm = norm("attn_norm.weight", width),
              .post_attention_norm = norm("post_attention_norm.weight", width),
              .ffn_norm = norm("ffn_norm.weight", width),
              .post_ffn_norm = norm("post_ffw_norm.weight", width),
              .q_norm = norm("attn_q_norm.weight", shape.head_dim),
              .k_norm = {},
              .wq = matrix("attn_q.weight", query, width),
              .wk = nullptr,
              .wv = nullptr,
              .wo = matrix("attn_output.weight", width, query),
              .w_gate = matrix("ffn_gate.weight", inner, width),
              .w_up = matrix("ffn_up.weight", inner, width),
              .w_down = matrix("ffn_down.weight", width, inner),
              .own_norm = {},
              .scale = norm("layer_output_scale.weight", 1)};
  if (shape.kv_layer == index) {
    layer.k_norm = norm("attn_k_norm.weight", shape.head_dim);
    layer.wk = matrix("attn_k.weight", kv, width);
    if (weights.has(layer_tensor(index, "attn_v.weight"))) layer.wv = matrix("attn_v.weight", kv, width);
  } else {
    for (const char* unused : {"attn_k.", "attn_v.", "attn_k_norm."}) weights.ignore(layer_tensor(index, unused));
  }
  if (config_.layer_embedding > 0) {
    layer.own_gate = matrix("inp_gate.weight", config_.layer_embedding, width);
    layer.own_out = matrix("proj.weight", width, config_.layer_embedding);
    layer.own_norm = norm("post_norm.weight", width);
  }
  return layer;
}

std::unique_ptr<Decoder> load(const LoadContext& context) {
  return std::make_unique<Gemma4Decoder>(context);
}

constexpr std::string_view model_types[] = {"gemma4_text"};

constexpr TensorAlias layer_tensors[] = {{"input_layernorm.weight", "attn_norm.weight"},
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
                                         {"layer_scalar", "layer_output_scale.weight"},
                                         {"per_layer_input_gate.weight", "inp_gate.weight"},
                                         {"per_layer_projection.weight", "proj.weight"},
                                         {"post_per_layer_input_norm.weight", "post_norm.weight"}};

constexpr TensorAlias global_tensors[] = {{"embed_tokens_per_layer.weight", "per_layer_token_embd.weight"},
                                          {"per_layer_model_projection.weight", "per_layer_model_proj.weight"},
                                          {"per_layer_projection_norm.weight", "per_layer_proj_norm.weight"}};

}  // namespace

extern const Family family_gemma4;
const Family family_gemma4{.architecture = "gemma4",
                           .load = load,
                           .hugging_face = {.model_types = model_types,
                                            .layer_tensors = layer_tensors,
                                            .global_tensors = global_tensors,
                                            .activation = "gelu_pytorch_tanh"}};

}  // namespace deskhand
