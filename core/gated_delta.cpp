#include "core/gated_delta.h"

#include <cmath>

namespace deskhand {
namespace {

/// Columns [first, first + count) of a matrix.
View columns(View x, int64_t first, int64_t count) {
  return {x.data + static_cast<size_t>(first) * sizeof(float), DType::f32, x.rows, count, x.stride};
}

DeltaShape shape_of(const DeltaConfig& config) {
  return {.key_heads = config.key_heads,
          .value_heads = config.value_heads,
          .key_dim = config.key_dim,
          .value_dim = config.value_dim,
          .tiled = config.tiled,
          .decay = {},
          .bias = {},
          .state_offset = 0};
}

}  // namespace

size_t gated_delta_state_bytes(const DeltaConfig& config, const Backend& backend) {
  return backend.conv_state_bytes(config.channels(), config.kernel) + backend.delta_state_bytes(shape_of(config));
}

// The dimensions: n rows, K key heads of d values, V value heads of e values.
void GatedDelta::operator()(const Layer& layer, size_t offset, const Batch& batch, ConstView x, View h) const {
  const int64_t n = batch.rows(), keys = config_.keys_width(), values = config_.values_width();
  const View u = u_.first(n), z = z_.first(n);  // [n, 2·K·d + V·e], [n, V·e]
  const View a = a_.first(n), b = b_.first(n);  // [n, V]

  // u = x·Wqkvᵀ;  z, a, b = x·Wzᵀ, x·Waᵀ, x·Wbᵀ
  const MatmulTerm in[] = {{.y = u, .weight = layer.qkv},
                           {.y = z, .weight = layer.gate},
                           {.y = a, .weight = layer.alpha},
                           {.y = b, .weight = layer.beta}};
  backend_.matmul(in, x);

  // Every channel of u: silu of a convolution over the row and the ones before it.  q, k, v = its parts
  backend_.causal_conv(u, u, {.w = layer.conv, .kernel = config_.kernel, .state_offset = offset}, batch.runs());
  const View q = columns(u, 0, keys), k = columns(u, keys, keys), v = columns(u, 2 * keys, values);

  // Per head q ← q / |q| / √d,  k ← k / |k|, with |x|² = Σx² + 10⁻⁶: rms with its mean's eps and a constant weight.
  constexpr float square = 1e-6f;
  backend_.rms_norm(q, q, query_scale_, square / static_cast<float>(config_.key_dim));
  backend_.rms_norm(k, k, key_scale_, square / static_cast<float>(config_.key_dim));

  // Per value head: S ← e^g S;  S ← S + k ⊗ β(v − Sᵀk);  v ← Sᵀq
  DeltaShape shape = shape_of(config_);
  shape.decay = layer.decay;
  shape.bias = layer.bias;
  shape.state_offset = offset + conv_bytes_;
  backend_.delta_rule(v, {.q = q, .k = k, .v = v, .a = a, .b = b}, shape, batch.runs());

  // h += (silu(z) ⊙ rms(v))·Woutᵀ, each head normed alone
  backend_.rms_norm(v, v, layer.norm, eps_);
  backend_.glu(z, z, v, Activation::silu);
  const MatmulTerm out{.y = h, .weight = layer.out, .accumulate = true};
  backend_.matmul({&out, 1}, z);
}

GatedDelta::GatedDelta(const LoadContext& context)
    : backend_(context.backend),
      config_(context.config.delta),
      eps_(context.config.rms_eps),
      conv_bytes_(backend_.conv_state_bytes(config_.channels(), config_.kernel)),
      query_scale_(static_cast<size_t>(config_.key_dim), 1.0f / static_cast<float>(config_.key_dim)),
      key_scale_(static_cast<size_t>(config_.key_dim), 1.0f / std::sqrt(static_cast<float>(config_.key_dim))),
      u_(backend_, context.max_rows, config_.channels()),
      z_(backend_, context.max_rows, config_.values_width()),
      a_(backend_, context.max_rows, config_.value_heads),
      b_(backend_, context.max_rows, config_.value_heads) {}

GatedDelta::Layer GatedDelta::load(const LoadContext& context, int64_t layer) const {
  Weights& weights = context.weights;
  const int64_t width = context.config.width, values = config_.values_width(), heads = config_.value_heads;
  const auto matrix = [&](std::string_view name, int64_t rows, int64_t cols) {
    return &weights.matrix(layer_tensor(layer, name), {.rows = rows, .cols = cols});
  };
  return {.qkv = matrix("attn_qkv.weight", config_.channels(), width),
          .gate = matrix("attn_gate.weight", values, width),
          .alpha = matrix("ssm_alpha.weight", heads, width),
          .beta = matrix("ssm_beta.weight", heads, width),
          .out = matrix("ssm_out.weight", width, values),
          .conv = weights.table(layer_tensor(layer, "ssm_conv1d.weight"),
                                {.rows = config_.channels(), .cols = config_.kernel}),
          .decay = weights.vector(layer_tensor(layer, "ssm_a"), heads),
          .bias = weights.vector(layer_tensor(layer, "ssm_dt.bias"), heads),
          .norm = weights.vector(layer_tensor(layer, "ssm_norm.weight"), config_.value_dim)};
}

}  // namespace deskhand
