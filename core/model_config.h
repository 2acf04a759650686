#pragma once
// What a model file says about the shape of its network, in one spelling.
//
//   ModelConfig config = model_config(file->metadata());
//   config.heads * config.head_dim;                        // width of the queries
//
// All spellings and defaults of the format are resolved and all numbers are checked here; a family never asks for the
// format. What no family could honour (an unknown RoPE scaling, score caps) throws ModelFileError by name.

#include <cstdint>
#include <string>
#include <vector>

#include "core/hybrid_config.h"
#include "core/metadata.h"
#include "core/rope.h"

namespace deskhand {

/// What may differ between layers.
struct LayerShape {
  int64_t head_dim = 0, kv_heads = 0;
  int64_t feed_forward = 0;  ///< inner width
  int64_t kv_layer = 0;      ///< whose keys and values it attends to; itself, but for layers that compute none
};

struct ModelConfig {
  std::string architecture;
  int64_t layers = 0;
  int64_t stored_layers = 0;  ///< of the file: behind the decoder's may come some that predict tokens further ahead
  int64_t width = 0;          ///< of the residual stream
  int64_t feed_forward = 0;   ///< inner width, the largest of all layers, as the next
  int64_t heads = 0;
  int64_t kv_heads = 0;
  int64_t head_dim = 0;
  int64_t vocabulary = 0;  ///< ids that have logits
  int64_t embeddings = 0;  ///< ids that have an embedding: those and perhaps some behind them
  int64_t context = 0;     ///< tokens that the model was trained for
  float rms_eps = 0.0f;
  float attention_scale = 0.0f;  ///< of the scores
  float final_softcap = 0.0f;    ///< of the logits; 0: none

  RopeConfig rope;
  std::vector<bool> turns;  ///< per layer, whether its queries and keys turn; empty: all do

  int64_t window = 0;          ///< keys that a row of a layer with a window sees; 0: no layer has one
  std::vector<bool> windowed;  ///< per layer, empty when window is 0

  std::vector<bool> recurrent;     ///< per layer; empty: all are attention
  std::vector<LayerShape> shapes;  ///< per layer
  int64_t layer_embedding = 0;     ///< values that each layer gets of every token beside the stream; 0: none

  DeltaConfig delta;  ///< of recurrent layers
  CrossConfig cross;
  ExpertConfig experts;

  // Our own switches; empty: off.
  std::vector<int64_t> stripes;     ///< per layer, see AttentionShape::stripe
  std::vector<int64_t> ffn_layers;  ///< per layer, the one whose feed-forward network it uses

  bool layer_turns(int64_t layer) const { return turns.empty() || turns[static_cast<size_t>(layer)]; }
  bool has_window(int64_t layer) const { return window > 0 && windowed[static_cast<size_t>(layer)]; }
  bool is_recurrent(int64_t layer) const { return !recurrent.empty() && recurrent[static_cast<size_t>(layer)]; }
  bool sees_pictures(int64_t layer) const { return !cross.layers.empty() && cross.layers[static_cast<size_t>(layer)]; }
  int64_t ffn_layer(int64_t layer) const { return ffn_layers.empty() ? layer : ffn_layers[static_cast<size_t>(layer)]; }
  /// Parameters of feed-forward networks that layers use without having them: what sharing saves.
  int64_t saved_parameters() const;

  const LayerShape& shape(int64_t layer) const { return shapes[static_cast<size_t>(layer)]; }

  int64_t query_width() const { return heads * head_dim; }
  int64_t kv_width() const { return kv_heads * head_dim; }
};

ModelConfig model_config(const Metadata& metadata);

}  // namespace deskhand
