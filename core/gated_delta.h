#pragma once
// The gated delta net: a mixer whose past is a state of fixed size.
//
//   GatedDelta mixer(context);
//   GatedDelta::Layer layer = mixer.load(context, 3);
//   mixer(3, layer, batch, x, h);                        // h += mixer(x)
//
// Source: transformers 5.23, models/qwen3_5; the ops are in kernels/recurrent.h.

#include <span>
#include <vector>

#include "core/blocks.h"

namespace deskhand {

/// Bytes of one layer's state of a sequence.
size_t gated_delta_state_bytes(const DeltaConfig& config, const Backend& backend);

class GatedDelta {
 public:
  struct Layer {
    const Weight *qkv, *gate, *alpha, *beta;  // [channels | values | value heads | value heads, width]
    const Weight* out;                        // [width, values]
    std::span<const float> conv;              // [channels, kernel]
    std::span<const float> decay, bias;       // [value heads]
    std::span<const float> norm;              // [value_dim]
  };

  explicit GatedDelta(const LoadContext& context);
  /// The layer's tensors.
  Layer load(const LoadContext& context, int64_t layer) const;
  /// h += out(gate ⊙ rms(what the state gives back)), x being the normed rows. `offset` is the place of the layer's
  /// part in a sequence's state.
  void operator()(const Layer& layer, size_t offset, const Batch& batch, ConstView x, View h) const;

 private:
  Backend& backend_;
  DeltaConfig config_;
  float eps_;
  size_t conv_bytes_;
  std::vector<float> query_scale_, key_scale_;  // [key_dim], constant
  Matrix u_, z_, a_, b_;
};

}  // namespace deskhand
