#pragma once
// The blocks of a vision transformer, and what encoders share around them.
//
//   Tower tower(weights, backend, {.width = 768, .heads = 12, .inner = 3072, .layers = 12});
//   tower.block(0, h, {.segments = segments});            // h [rows, width] in place
//
// A block is pre-norm: h += attention(norm(h)); h += network(norm(h)). Rows attend to all rows of their segment.
// Tensors are named as in mmproj files: v.blk.N.{ln1, attn_q, attn_k, attn_v or attn_qkv, attn_out, ln2, ffn_up,
// ffn_gate, ffn_down}.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/weights.h"
#include "kernels/backend.h"

namespace deskhand {

struct TowerShape {
  int64_t width = 0, heads = 0, inner = 0, layers = 0;
  float eps = 1e-6f;
  Activation activation = Activation::gelu_tanh;
  bool gated = false;                 ///< down(act(gate x) ⊙ up x), else down(act(up x))
  bool rms_norms = false;             ///< else layer norms, with biases
  bool has_biases = true;             ///< of queries, keys, values and the output of attention
  bool weighed = false;               ///< what is added to h is multiplied by tanh of {block}.{attn, ffn}_share
  std::string_view blocks = "v.blk";  ///< what the names of their tensors begin with
};

/// Width, heads, inner width, layers and epsilon from the keys "clip.vision.…". Throws ModelFileError.
TowerShape tower_shape(const Metadata& metadata, const Weights& weights);

/// A norm with or without a bias.
struct TowerNorm {
  std::span<const float> weight{}, bias{};  ///< no bias: an RMS norm

  void operator()(Backend& backend, View y, ConstView x, float eps) const;
};

/// A product with a bias where there is one.
struct TowerLinear {
  const Weight* weight = nullptr;
  const float* bias = nullptr;
};

/// An f32 matrix that grows as needed.
class GrowingMatrix {
 public:
  View resized(Backend& backend, int64_t rows, int64_t cols);

 private:
  std::unique_ptr<Buffer> buffer_;
};

/// y = x·Wᵀ + b, or y += …, some rows at a time so that the room it takes does not grow with the picture.
void multiply(Backend& backend, View y, ConstView x, const TowerLinear& linear, bool accumulate = false);

class Tower {
 public:
  /// What turns and who sees whom.
  struct Rows {
    std::span<const DenseSegment> segments;
    const RopeTable* rope = nullptr;       ///< of queries and keys; null: they do not turn
    std::span<const int32_t> positions{};  ///< [rows · axes]
  };

  Tower(Weights& weights, Backend& backend, const TowerShape& shape);
  void block(int64_t index, View h, const Rows& rows);

 private:
  struct Block {
    TowerNorm attention_norm, network_norm;
    std::vector<TowerLinear> qkv{};  // one of three widths, or three
    TowerLinear out{}, gate{}, up{}, down{};
    float attention_share = 1, network_share = 1;
  };

  void attend(const Block& block, View h, const Rows& rows);
  void transform(const Block& block, View h);
  void add_product(View h, ConstView x, const TowerLinear& linear, float share);

  Backend& backend_;
  TowerShape shape_;
  std::vector<Block> blocks_;
  GrowingMatrix x_, qkv_, a_, gate_, up_;
};

/// Takes {name}.weight and {name}.bias. Throws ModelFileError when they are not of this shape.
TowerLinear take_linear(Weights& weights, const std::string& name, int64_t outputs, int64_t inputs, bool has_bias);
TowerNorm take_norm(Weights& weights, const std::string& name, int64_t width, bool has_bias);
/// The last product before the language model, whose rows have `text_width` values.
TowerLinear take_projection(Weights& weights, const std::string& name, int64_t text_width, int64_t inputs,
                            bool has_bias);

}  // namespace deskhand
