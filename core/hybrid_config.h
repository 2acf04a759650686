#pragma once
// What a model file says about layers that are not plain attention and a dense network: recurrent ones, experts, and
// those that attend to pictures.
//
//   DeltaConfig delta = read_delta(keys);
//   delta.channels();                       // queries, keys and values that the convolution runs over
//
// Source of the keys: GGUF files of the architectures qwen35 and qwen35moe; those of mllama are our own.

#include <cstdint>
#include <vector>

#include "core/config_keys.h"

namespace deskhand {

/// Gated delta net; all zero where a model has none.
struct DeltaConfig {
  int64_t kernel = 0;  ///< taps of the convolution
  int64_t key_heads = 0, value_heads = 0;
  int64_t key_dim = 0, value_dim = 0;  ///< of a head
  bool tiled = false;                  ///< value head h uses key head h % key_heads, else h / (value_heads / key_heads)

  int64_t keys_width() const { return key_heads * key_dim; }
  int64_t values_width() const { return value_heads * value_dim; }
  int64_t channels() const { return 2 * keys_width() + values_width(); }
};

/// Experts; all zero where a model has none.
struct ExpertConfig {
  int64_t count = 0;
  int64_t used = 0;                 ///< by a row
  int64_t feed_forward = 0;         ///< inner width of one
  int64_t shared_feed_forward = 0;  ///< of the one that every row uses
};

/// Layers that attend to pictures in the place of the text; all zero where a model has none.
struct CrossConfig {
  std::vector<bool> layers;
  int64_t tiles = 0;      ///< of every picture
  int64_t tile_rows = 0;  ///< of the encoder, for each tile
};

DeltaConfig read_delta(const ConfigKeys& keys);
ExpertConfig read_experts(const ConfigKeys& keys);
CrossConfig read_cross(const ConfigKeys& keys, int64_t layers);
/// Per layer, whether it is recurrent. `stored` counts layers of the file, of which the last may be no decoder layers.
std::vector<bool> read_recurrent(const ConfigKeys& keys, int64_t layers, int64_t stored);

}  // namespace deskhand
