#include "vision/tower.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/config_keys.h"

namespace deskhand {
namespace {

constexpr int64_t rows_at_once = 512;

}  // namespace

void TowerNorm::operator()(Backend& backend, View y, ConstView x, float eps) const {
  if (bias.empty()) {
    backend.rms_norm(y, x, weight, eps);
  } else {
    backend.layer_norm(y, x, weight, bias, eps);
  }
}

View GrowingMatrix::resized(Backend& backend, int64_t rows, int64_t cols) {
  const auto bytes = static_cast<size_t>(rows * cols) * sizeof(float);
  if (!buffer_ || buffer_->size() < bytes) {
    buffer_.reset();
    buffer_ = backend.allocate(bytes);
  }
  return {buffer_->data(), DType::f32, rows, cols};
}

void multiply(Backend& backend, View y, ConstView x, const TowerLinear& linear, bool accumulate) {
  for (int64_t first = 0; first < x.rows; first += rows_at_once) {
    const int64_t rows = std::min(rows_at_once, x.rows - first);
    const MatmulTerm term{
        .y = y.slice(first, rows), .weight = linear.weight, .bias = linear.bias, .accumulate = accumulate};
    backend.matmul({&term, 1}, x.slice(first, rows));
  }
}

TowerShape tower_shape(const Metadata& metadata, const Weights& weights) {
  constexpr int64_t most_width = 1 << 20, most_heads = 4096, most_layers = 4096;
  const ConfigKeys keys(metadata, "clip.vision");
  TowerShape shape{.width = keys.count("embedding_length", most_width),
                   .heads = keys.count("attention.head_count", most_heads),
                   .layers = keys.count("block_count", most_layers),
                   .eps = keys.positive("attention.layer_norm_epsilon")};
  // Some files say 0; some have called the two products of a network by each other's name.
  shape.inner = weights.rows_of("v.blk.0.ffn_up.weight");
  if (shape.inner == shape.width) shape.inner = weights.rows_of("v.blk.0.ffn_down.weight");
  constexpr int64_t unit = 4;  // two axes turn pairs
  if (shape.width % shape.heads != 0 || shape.width / shape.heads % unit != 0) {
    keys.fail("attention.head_count", fmt::format("= {} must divide the width {} into heads of a multiple of {}",
                                                  shape.heads, shape.width, unit));
  }
  return shape;
}

TowerLinear take_projection(Weights& weights, const std::string& name, int64_t text_width, int64_t inputs,
                            bool has_bias) {
  const int64_t outputs = weights.rows_of(name + ".weight");
  if (outputs != text_width) {
    weights.fail(name + ".weight", fmt::format("makes rows of {} values for a language model whose rows have {}: the "
                                               "eyes are of another model",
                                               outputs, text_width));
  }
  return take_linear(weights, name, text_width, inputs, has_bias);
}

TowerLinear take_linear(Weights& weights, const std::string& name, int64_t outputs, int64_t inputs, bool has_bias) {
  return {.weight = &weights.matrix(name + ".weight", {.rows = outputs, .cols = inputs}),
          .bias = has_bias ? weights.numbers(name + ".bias", outputs).data() : nullptr};
}

TowerNorm take_norm(Weights& weights, const std::string& name, int64_t width, bool has_bias) {
  TowerNorm norm{.weight = weights.numbers(name + ".weight", width)};
  if (has_bias) norm.bias = weights.numbers(name + ".bias", width);
  return norm;
}

Tower::Tower(Weights& weights, Backend& backend, const TowerShape& shape) : backend_(backend), shape_(shape) {
  const int64_t width = shape.width, inner = shape.inner;
  for (int64_t i = 0; i < shape.layers; ++i) {
    const auto name = [&](std::string_view part) { return fmt::format("{}.{}.{}", shape.blocks, i, part); };
    Block block{.attention_norm = take_norm(weights, name("ln1"), width, !shape.rms_norms),
                .network_norm = take_norm(weights, name("ln2"), width, !shape.rms_norms)};
    if (weights.has(name("attn_qkv.weight"))) {
      block.qkv = {take_linear(weights, name("attn_qkv"), 3 * width, width, shape.has_biases)};
    } else {
      for (const char* part : {"attn_q", "attn_k", "attn_v"}) {
        block.qkv.push_back(take_linear(weights, name(part), width, width, shape.has_biases));
      }
    }
    block.out = take_linear(weights, name("attn_out"), width, width, shape.has_biases);
    if (shape.gated) block.gate = take_linear(weights, name("ffn_gate"), inner, width, true);
    const bool swapped = weights.rows_of(name("ffn_up.weight")) != inner;
    block.up = take_linear(weights, name(swapped ? "ffn_down" : "ffn_up"), inner, width, true);
    block.down = take_linear(weights, name(swapped ? "ffn_up" : "ffn_down"), width, inner, true);
    if (shape.weighed) {
      block.attention_share = std::tanh(weights.numbers(name("attn_share"), 1)[0]);
      block.network_share = std::tanh(weights.numbers(name("ffn_share"), 1)[0]);
    }
    blocks_.push_back(std::move(block));
  }
  backend.reserve(rows_at_once, std::max({3 * width, inner}));
}

void Tower::block(int64_t index, View h, const Rows& rows) {
  const Block& block = blocks_[static_cast<size_t>(index)];
  attend(block, h, rows);
  transform(block, h);
}

/// h += softmax(q·Kᵀ / √d)·V·Woᵀ within the segments.
void Tower::attend(const Block& block, View h, const Rows& rows) {
  const int64_t n = h.rows, width = shape_.width, head_dim = width / shape_.heads;
  const View x = x_.resized(backend_, n, width), qkv = qkv_.resized(backend_, n, 3 * width),
             a = a_.resized(backend_, n, width);
  const auto part = [&](int64_t index) {
    return View(qkv.data + static_cast<size_t>(index * width) * sizeof(float), DType::f32, n, width, qkv.stride);
  };
  block.attention_norm(backend_, x, h, shape_.eps);
  if (block.qkv.size() == 1) {
    multiply(backend_, qkv, x, block.qkv[0]);
  } else {
    for (size_t i = 0; i < block.qkv.size(); ++i) multiply(backend_, part(static_cast<int64_t>(i)), x, block.qkv[i]);
  }
  if (rows.rope != nullptr) {
    for (const int64_t turned : {0, 1}) backend_.rope(part(turned), head_dim, *rows.rope, rows.positions);
  }
  const DenseAttentionShape shape{.heads = shape_.heads,
                                  .kv_heads = shape_.heads,
                                  .head_dim = head_dim,
                                  .scale = 1.0f / std::sqrt(static_cast<float>(head_dim))};
  backend_.attention_dense(a, part(0), part(1), part(2), shape, rows.segments);
  add_product(h, a, block.out, block.attention_share);
}

/// h += network(norm(h)).
void Tower::transform(const Block& block, View h) {
  for (int64_t first = 0; first < h.rows; first += rows_at_once) {
    const View part = h.slice(first, std::min(rows_at_once, h.rows - first));
    const View x = x_.resized(backend_, part.rows, shape_.width), up = up_.resized(backend_, part.rows, shape_.inner);
    block.network_norm(backend_, x, part, shape_.eps);
    multiply(backend_, up, x, block.up);
    if (shape_.gated) {
      const View gate = gate_.resized(backend_, part.rows, shape_.inner);
      multiply(backend_, gate, x, block.gate);
      backend_.glu(up, gate, up, shape_.activation);
    } else {
      backend_.activate(up, shape_.activation);
    }
    add_product(part, up, block.down, block.network_share);
  }
}

/// h += share · (x·Wᵀ + b); takes the room of x_.
void Tower::add_product(View h, ConstView x, const TowerLinear& linear, float share) {
  if (share == 1.0f) {
    multiply(backend_, h, x, linear, true);
    return;
  }
  const View y = x_.resized(backend_, h.rows, shape_.width);
  multiply(backend_, y, x, linear);
  backend_.scale(y, share);
  backend_.add(h, y);
}

}  // namespace deskhand
