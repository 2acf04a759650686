#pragma once
// The layer that attends to pictures in the place of the text: gated cross-attention and a gated network.
//
//   CrossAttention cross(context);
//   CrossAttention::Layer layer = cross.load(context, 3);
//   cross.remember(plan.layer(3), layer, rows, memory);  // keys and values of a picture, once
//   cross(plan.layer(3), layer, batch, h);               // rows of texts without pictures stay as they are
//
// Source: transformers 5.23, models/mllama, MllamaCrossAttentionDecoderLayer.

#include <span>
#include <vector>

#include "core/blocks.h"

namespace deskhand {

class CrossAttention {
 public:
  struct Layer {
    std::span<const float> attention_norm, ffn_norm;  // [width]
    std::span<const float> q_norm, k_norm;            // [head_dim]
    const Weight *wq, *wk, *wv, *wo;                  // [outputs, inputs]
    const Weight *w_gate, *w_up, *w_down;             // [outputs, inputs]
    float attention_gate = 0, ffn_gate = 0;           // tanh of what is stored
  };

  explicit CrossAttention(const LoadContext& context);
  /// The layer's tensors.
  Layer load(const LoadContext& context, int64_t layer) const;
  /// The keys and values of a picture, from the rows of its encoder [tiles · tile_rows, width].
  void remember(const KvPlan::Place& place, const Layer& layer, ConstView rows, const PictureMemory& memory);
  void operator()(const KvPlan::Place& place, const Layer& layer, const Batch& batch, View h);

 private:
  AttentionShape shape(const KvPlan::Place& place) const;
  void transform(const Layer& layer, const Batch::Seeing& seeing, View h);

  Backend& backend_;
  ModelConfig config_;
  Matrix x_, q_, k_, v_, a_, gate_, up_;
  std::vector<float> shares_;  // of each row in what is added to h
  std::vector<AttentionRow> slots_;
};

}  // namespace deskhand
