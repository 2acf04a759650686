// Qwen3.5 and 3.6: Llama's residual stream, where most layers mix rows by a gated delta net (core/gated_delta.cpp) and
// the others by attention whose result is gated. The dimensions: n rows of the batch, D width, H query heads and G
// key-value heads of d values, F inner width.

#include "core/families/qwen35.h"

#include <fmt/format.h>

namespace deskhand {

bool Qwen35Decoder::forward(const Batch& batch, View logits) {
  const int64_t n = batch.rows();
  const View h = h_.first(n), x = x_.first(n);  // [n, D]
  const float eps = config_.rms_eps;

  // States change layer by layer: between two layers it is too late to stop.
  if (batch.stop_requested()) return false;

  // h = E[ids], and the features of pictures in their rows
  embedding_(batch, h);

  for (int64_t i = 0; i < config_.layers; ++i) {
    const Layer& layer = layers_[static_cast<size_t>(i)];

    // x = rms(h);  h += mixer(x)
    backend_.rms_norm(x, h, layer.mixer_norm, eps);
    if (config_.is_recurrent(i)) {
      delta_(layer.delta, attention_.plan().layer(i).offset, batch, x, h);
    } else {
      attend(i, layer.attention, batch);
    }

    // x = rms(h);  h += network(x)
    backend_.rms_norm(x, h, layer.ffn_norm, eps);
    if (experts_) {
      (*experts_)(layer.experts, x, h);
    } else {
      transform(layer.network, n);
    }
  }

  // logits = rms(h)·Eᵀ or ·Woutᵀ
  head_(batch, h, logits);
  return true;
}

void Qwen35Decoder::attend(int64_t index, const Attention& layer, const Batch& batch) {
  const int64_t n = batch.rows(), d = config_.head_dim, heads = config_.heads;
  const View h = h_.first(n), x = x_.first(n);                     // [n, D]
  const View qg = qg_.first(n), k = k_.first(n), v = v_.first(n);  // [n, 2·H·d], [n, G·d]
  const View q = q_.first(n), a = a_.first(n);                     // [n, H·d]
  const auto by_head = [&](View whole) { return View(whole.data, DType::f32, n * heads, d); };  // [n·H, d]

  // Per head: d values of the query, then d values of its gate.
  const MatmulTerm qkv[] = {{.y = qg, .weight = layer.wq}, {.y = k, .weight = layer.wk}, {.y = v, .weight = layer.wv}};
  backend_.matmul(qkv, x);
  const size_t apart = static_cast<size_t>(2 * d) * sizeof(float);
  const View query(qg.data, DType::f32, n * heads, d, apart),
      gate(qg.data + apart / 2, DType::f32, n * heads, d, apart);

  // Each head of q and k is normed; its first values turn, the rest passes through.
  backend_.rms_norm(by_head(q), query, layer.q_norm, config_.rms_eps);
  backend_.rms_norm(k, k, layer.k_norm, config_.rms_eps);
  rotation_(backend_, batch, q, d);
  rotation_(backend_, batch, k, d);

  // a = σ(gate) ⊙ softmax(q·Kᵀ / √d)·V;  h += a·Woᵀ
  attention_(index, batch, {.q = q, .k = k, .v = v}, a);
  backend_.glu(by_head(a), gate, by_head(a), Activation::sigmoid);
  const MatmulTerm out{.y = h, .weight = layer.wo, .accumulate = true};
  backend_.matmul({&out, 1}, a);
}

/// h += (silu(x·Wgateᵀ) ⊙ x·Wupᵀ)·Wdownᵀ
void Qwen35Decoder::transform(const Network& layer, int64_t rows) {
  const View gate = gate_.first(rows), up = up_.first(rows);  // [n, F]
  const MatmulTerm inner[] = {{.y = gate, .weight = layer.gate}, {.y = up, .weight = layer.up}};
  backend_.matmul(inner, x_.first(rows));
  backend_.glu(gate, gate, up, Activation::silu);
  const MatmulTerm down{.y = h_.first(rows), .weight = layer.down, .accumulate = true};
  backend_.matmul({&down, 1}, gate);
}

Qwen35Decoder::Qwen35Decoder(const LoadContext& context)
    : backend_(context.backend),
      config_(context.config),
      embedding_(context),
      rotation_(context),
      attention_(context),
      head_(context),
      delta_(context),
      experts_(config_.experts.count > 0 ? std::make_unique<Experts>(context) : nullptr),
      h_(backend_, context.max_rows, config_.width),
      x_(backend_, context.max_rows, config_.width),
      qg_(backend_, context.max_rows, 2 * config_.query_width()),
      q_(backend_, context.max_rows, config_.query_width()),
      k_(backend_, context.max_rows, config_.kv_width()),
      v_(backend_, context.max_rows, config_.kv_width()),
      a_(backend_, context.max_rows, config_.query_width()),
      gate_(backend_, context.max_rows, config_.feed_forward),
      up_(backend_, context.max_rows, config_.feed_forward) {
  for (int64_t i = 0; i < config_.layers; ++i) {
    const auto norm = [&](std::string_view name) {
      return context.weights.vector(layer_tensor(i, name), config_.width);
    };
    Layer layer{.mixer_norm = norm("attn_norm.weight"), .ffn_norm = norm("post_attention_norm.weight")};
    if (config_.is_recurrent(i)) {
      layer.delta = delta_.load(context, i);
    } else {
      layer.attention = load_attention(context, i);
    }
    if (experts_) {
      layer.experts = experts_->load(context, i);
    } else {
      layer.network = load_network(context, i);
    }
    layers_.push_back(layer);
  }
  // Layers that predict tokens further ahead are not used.
  for (int64_t i = config_.layers; i < config_.stored_layers; ++i) {
    context.weights.ignore(fmt::format("blk.{}.", i));
  }
}

Qwen35Decoder::Attention Qwen35Decoder::load_attention(const LoadContext& context, int64_t layer) const {
  const int64_t width = config_.width, query = config_.query_width(), kv = config_.kv_width();
  const auto matrix = [&](std::string_view name, int64_t rows, int64_t cols) {
    return &context.weights.matrix(layer_tensor(layer, name), {.rows = rows, .cols = cols});
  };
  return {.wq = matrix("attn_q.weight", 2 * query, width),
          .wk = matrix("attn_k.weight", kv, width),
          .wv = matrix("attn_v.weight", kv, width),
          .wo = matrix("attn_output.weight", width, query),
          .q_norm = context.weights.vector(layer_tensor(layer, "attn_q_norm.weight"), config_.head_dim),
          .k_norm = context.weights.vector(layer_tensor(layer, "attn_k_norm.weight"), config_.head_dim)};
}

Qwen35Decoder::Network Qwen35Decoder::load_network(const LoadContext& context, int64_t layer) const {
  const int64_t width = config_.width, inner = config_.feed_forward;
  const auto matrix = [&](std::string_view name, int64_t rows, int64_t cols) {
    return &context.weights.matrix(layer_tensor(config_.ffn_layer(layer), name), {.rows = rows, .cols = cols});
  };
  return {.gate = matrix("ffn_gate.weight", inner, width),
          .up = matrix("ffn_up.weight", inner, width),
          .down = matrix("ffn_down.weight", width, inner)};
}

namespace {

std::unique_ptr<Decoder> load(const LoadContext& context) {
  return std::make_unique<Qwen35Decoder>(context);
}

constexpr std::string_view model_types[] = {"qwen3_5_text"};

}  // namespace

extern const Family family_qwen35;
const Family family_qwen35{.architecture = "qwen35",
                           .load = load,
                           .hugging_face = {.model_types = model_types,
                                            .layer_tensors = qwen35_tensors,
                                            .norms_lack_one = true,
                                            .defaults = R"({
  "vocab_size": 248320, "hidden_size": 4096, "intermediate_size": 12288, "num_hidden_layers": 32,
  "num_attention_heads": 16, "num_key_value_heads": 4, "head_dim": 256, "max_position_embeddings": 32768,
  "rms_norm_eps": 1e-6, "partial_rotary_factor": 0.25, "full_attention_interval": 4, "linear_conv_kernel_dim": 4,
  "linear_key_head_dim": 128, "linear_value_head_dim": 128, "linear_num_key_heads": 16, "linear_num_value_heads": 32
})",
                                            .unused = "mtp."}};

}  // namespace deskhand
