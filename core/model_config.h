#pragma once
// What a model file says about the shape of its network, in one spelling.
//
//   ModelConfig config = model_config(file->metadata());
//   config.heads * config.head_dim;                        // width of the queries
//
// All spellings and defaults of the format are resolved and all numbers are checked here; a family never asks for the
// format. What no family could honour (an unknown RoPE scaling, score caps) throws ModelFileError by name.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/metadata.h"

namespace deskhand {

struct ModelConfig {
  std::string architecture;
  int64_t layers = 0;
  int64_t width = 0;         ///< of the residual stream
  int64_t feed_forward = 0;  ///< inner width
  int64_t heads = 0;
  int64_t kv_heads = 0;
  int64_t head_dim = 0;
  int64_t vocabulary = 0;
  int64_t context = 0;  ///< tokens that the model was trained for
  float rms_eps = 0.0f;
  float attention_scale = 0.0f;  ///< of the scores
  float final_softcap = 0.0f;    ///< of the logits; 0: none

  // Rotary embedding.
  int64_t rotary_width = 0;  ///< dimensions of a head that turn; the rest passes through
  float rope_theta = 0.0f;
  float rope_theta_window = 0.0f;  ///< of layers with a window
  float rope_factor = 1.0f;        ///< linear scaling: frequencies are divided by it (layers without a window)
  bool rope_adjacent = false;      ///< whether pairs are (2i, 2i+1): the format stores permuted queries and keys

  // Sliding windows.
  int64_t window = 0;          ///< keys that a row of a layer with a window sees; 0: no layer has one
  std::vector<bool> windowed;  ///< per layer, empty when window is 0

  int64_t query_width() const { return heads * head_dim; }
  int64_t kv_width() const { return kv_heads * head_dim; }
};

ModelConfig model_config(const Metadata& metadata);

/// Frequencies [rotary_width / 2]: theta^(−2i/d) / factor, each divided by its divisor where there are any.
std::vector<float> rope_frequencies(int64_t rotary_width, float theta, float factor, const float* divisors = nullptr);

}  // namespace deskhand
