#pragma once
// Rotary embedding: what a model file says about it, and the frequencies that follow.
//
//   RopeConfig rope = read_rope(keys, head_dim, trained_context);
//   std::vector<float> frequencies = rope_frequencies(rope, 4096);         // [rope.width / 2]
//
// Pair i of the d values of a head that turn has ω_i = base^(−2i/d), then by kind of scaling:
//   linear    ω_i / factor
//   dynamic   base · (factor · C/L − factor + 1)^(d/(d−2)) in place of base, when the context C is longer than the
//             trained L. transformers takes the present length for C, so that keys in the cache keep older frequencies;
//             here C is the context that the model was opened with, and all of it turns alike.
//   yarn      between ω_i and ω_i / factor, by how often the pair turns within L tokens (ramp beta_fast … beta_slow)
//   longrope  ω_i / long_i when C is longer than L, else ω_i / short_i
// and at last ω_i / divisor_i where the file has divisors (llama3). cos and sin are multiplied by `amplitude`.
// Our own switches deskhand.rope.theta0 and .alpha: ω_i = θ0 · α^(2i/d), base being 1/α.
// Where positions have axes (time, height, width: pictures), each pair turns by one of them.
// Source: transformers 5.23, modeling_rope_utils.py; "su" is the old name of longrope.

#include <cstdint>
#include <vector>

#include "core/config_keys.h"

namespace deskhand {

enum class RopeScaling { none, linear, dynamic, yarn, longrope };

struct RopeConfig {
  int64_t width = 0;      ///< values of a head that turn; the rest passes through
  bool adjacent = false;  ///< whether pairs are (2i, 2i+1): the format stores permuted queries and keys
  double base = 10000.0;
  double theta0 = 1.0;       ///< frequency of the first pair
  int64_t window_width = 0;  ///< values of a head that turn in layers with a window; 0: as many as in the others
  double window_base = 0.0;  ///< of layers with a window, which are never scaled; 0: they turn like the others
  float amplitude = 1.0f;    ///< of cos and sin
  RopeScaling scaling = RopeScaling::none;
  double factor = 1.0;
  int64_t original_context = 0;  ///< L
  double beta_fast = 32.0, beta_slow = 1.0;
  bool truncate = true;       ///< yarn's ramp begins and ends at whole pairs
  std::vector<int32_t> axis;  ///< per pair, the axis of the position that it turns by; empty: there is one
};

/// `trained`: tokens that the model was trained for. Throws ModelFileError naming what is unknown or senseless.
RopeConfig read_rope(const ConfigKeys& keys, int64_t head_dim, int64_t trained);

/// ω [width / 2] of layers without a window, for a context of so many tokens; divisors [width / 2] or null.
std::vector<float> rope_frequencies(const RopeConfig& rope, int64_t context, const float* divisors = nullptr);
/// ω [width / 2] of layers with a window.
std::vector<float> window_rope_frequencies(const RopeConfig& rope);

}  // namespace deskhand
