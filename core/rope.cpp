#include "core/rope.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace deskhand {
namespace {

/// g(m) = 0.1 · m · ln(factor) + 1, for factors above 1.
double yarn_amplitude(double factor, double m) {
  return factor <= 1.0 ? 1.0 : 0.1 * m * std::log(factor) + 1.0;
}

void read_yarn(RopeConfig& rope, const ConfigKeys& keys) {
  constexpr std::string_view extrapolation = "rope.scaling.yarn_ext_factor",
                             attention = "rope.scaling.yarn_attn_factor",
                             multiplier = "rope.scaling.yarn_log_multiplier";
  if (keys.has(extrapolation) && keys.positive(extrapolation) != 1.0f) {
    keys.fail(extrapolation, "is not 1, which no family here supports");
  }
  rope.beta_fast = keys.positive("rope.scaling.yarn_beta_fast", rope.beta_fast);
  rope.beta_slow = keys.positive("rope.scaling.yarn_beta_slow", rope.beta_slow);
  rope.truncate = keys.boolean("rope.scaling.yarn_truncate", true);
  double amplitude = yarn_amplitude(rope.factor, 1.0);
  if (keys.has(attention)) {
    amplitude = keys.positive(attention);
  } else if (keys.has(multiplier)) {
    amplitude /= yarn_amplitude(rope.factor, keys.positive(multiplier));
  }
  rope.amplitude = static_cast<float>(amplitude) * keys.positive("rope.scaling.attn_factor", 1.0);
}

void read_longrope(RopeConfig& rope, const ConfigKeys& keys) {
  const double original = static_cast<double>(rope.original_context);
  if (rope.original_context < 2) keys.fail("rope.scaling.original_context_length", "must be at least 2");
  const double usual = rope.factor <= 1.0 ? 1.0 : std::sqrt(1.0 + std::log(rope.factor) / std::log(original));
  rope.amplitude = keys.positive("rope.scaling.attn_factor", usual);
}

void read_scaling(RopeConfig& rope, const ConfigKeys& keys, int64_t trained) {
  constexpr std::string_view type_key = "rope.scaling.type", factor = "rope.scaling.factor";
  constexpr int64_t most_context = 1 << 30;
  const bool legacy = keys.has("rope.scale_linear");
  const std::string_view type = keys.text(type_key, keys.has(factor) || legacy ? "linear" : "none");
  if (type == "none") return;
  rope.original_context = keys.count("rope.scaling.original_context_length", most_context, trained);
  if (type == "linear") {
    rope.scaling = RopeScaling::linear;
    rope.factor = keys.positive(keys.has(factor) || !legacy ? factor : "rope.scale_linear");
  } else if (type == "dynamic") {
    rope.scaling = RopeScaling::dynamic;
    rope.factor = keys.positive(factor);
    if (rope.width < 4) keys.fail(type_key, "is 'dynamic', which needs heads of which at least 4 values turn");
  } else if (type == "yarn") {
    rope.scaling = RopeScaling::yarn;
    rope.factor = keys.positive(factor, static_cast<double>(trained) / static_cast<double>(rope.original_context));
    read_yarn(rope, keys);
  } else if (type == "longrope" || type == "su") {
    rope.scaling = RopeScaling::longrope;
    rope.factor = keys.positive(factor, static_cast<double>(trained) / static_cast<double>(rope.original_context));
    read_longrope(rope, keys);
  } else {
    keys.fail(type_key, fmt::format("is '{}', which no family here supports", one_line(type)));
  }
}

/// θ0 and α of ω_i = θ0 · α^(2i/d).
void read_own_switches(RopeConfig& rope, const ConfigKeys& keys) {
  constexpr std::string_view alpha = "deskhand.rope.alpha", theta0 = "deskhand.rope.theta0";
  if (!keys.has(alpha) && !keys.has(theta0)) return;
  if (rope.scaling != RopeScaling::none && rope.scaling != RopeScaling::linear) {
    keys.fail(keys.has(alpha) ? alpha : theta0, "goes with no scaling but the linear one");
  }
  rope.theta0 = keys.positive(theta0, 1.0);
  if (!keys.has(alpha)) return;
  const double value = keys.positive(alpha);
  if (!(value < 1.0)) keys.fail(alpha, fmt::format("must lie between 0 and 1, not {}", value));
  rope.base = 1.0 / value;
}

/// Which axis each pair turns by: so many pairs for time, height and width, one after the other or taking turns.
std::vector<int32_t> read_axes(const ConfigKeys& keys, int64_t pairs) {
  constexpr std::string_view sections_key = "rope.dimension_sections";
  constexpr std::array interleaved = {"qwen3vl", "qwen35", "qwen35moe"};
  const std::string& architecture = keys.architecture();
  const bool takes_turns = std::find(interleaved.begin(), interleaved.end(), architecture) != interleaved.end();
  if (!takes_turns && architecture != "qwen2vl") return {};
  if (!keys.has(sections_key)) return {};
  constexpr size_t axes = 3;
  const std::vector<int64_t> sections = keys.metadata().array(keys.name(sections_key)).as_integers();
  constexpr int64_t most = 4096;  // those that take turns may claim more pairs than there are
  const bool sound = sections.size() >= axes && std::all_of(sections.begin(), sections.end(),
                                                            [](int64_t count) { return count >= 0 && count <= most; });
  if (!sound) keys.fail(sections_key, fmt::format("must hold at least {} counts in 0…{}", axes, most));
  if (!takes_turns && sections[0] + sections[1] + sections[2] != pairs) {
    keys.fail(sections_key, fmt::format("makes {} pairs, expected {}", sections[0] + sections[1] + sections[2], pairs));
  }
  std::vector<int32_t> axis(static_cast<size_t>(pairs), 0);
  for (int64_t i = 0; i < pairs; ++i) {
    const int64_t turn = i % static_cast<int64_t>(axes);
    if (takes_turns) {
      if (turn > 0 && i < 3 * sections[static_cast<size_t>(turn)])
        axis[static_cast<size_t>(i)] = static_cast<int32_t>(turn);
    } else if (i >= sections[0]) {
      axis[static_cast<size_t>(i)] = i < sections[0] + sections[1] ? 1 : 2;
    }
  }
  return axis;
}

/// How much of each frequency yarn divides: 0 for pairs that turn fast, 1 for slow ones.
double yarn_ramp(const RopeConfig& rope, double pair) {
  const double d = static_cast<double>(rope.width), original = static_cast<double>(rope.original_context);
  const auto pair_that_turns = [&](double times) {
    return d * std::log(original / (times * 2.0 * std::numbers::pi)) / (2.0 * std::log(rope.base));
  };
  double low = pair_that_turns(rope.beta_fast), high = pair_that_turns(rope.beta_slow);
  if (rope.truncate) {
    low = std::floor(low);
    high = std::ceil(high);
  }
  low = std::max(low, 0.0);
  high = std::min(high, d - 1.0);
  if (low == high) high += 0.001;
  return std::clamp((pair - low) / (high - low), 0.0, 1.0);
}

double scaled(const RopeConfig& rope, double frequency, double pair) {
  if (rope.scaling == RopeScaling::linear) return frequency / rope.factor;
  if (rope.scaling != RopeScaling::yarn) return frequency;
  const double ramp = yarn_ramp(rope, pair);
  return frequency / rope.factor * ramp + frequency * (1.0 - ramp);
}

}  // namespace

RopeConfig read_rope(const ConfigKeys& keys, int64_t head_dim, int64_t trained) {
  constexpr std::string_view width = "rope.dimension_count", base = "rope.freq_base",
                             window_base = "rope.freq_base_swa";
  RopeConfig rope;
  rope.width = keys.count(width, head_dim, head_dim);
  if (rope.width % 2 != 0) keys.fail(width, "must be even");
  const std::string& architecture = keys.architecture();
  rope.adjacent = keys.boolean("rope.adjacent_pairs", architecture == "llama" || architecture == "smollm3");
  rope.base = keys.positive(base, rope.base);
  if (rope.base <= 1.0) keys.fail(base, "must be above 1");
  if (architecture == "gemma4") {
    rope.window_width =
        keys.count("rope.dimension_count_swa", head_dim, keys.count("attention.key_length_swa", 1 << 20, head_dim));
  }
  if (architecture == "gemma3" || architecture == "gemma4") {
    rope.window_base = keys.positive(window_base, 10000.0);
  } else if (keys.has(window_base) && keys.positive(window_base) != static_cast<float>(rope.base)) {
    keys.fail(window_base, fmt::format("differs from {}, which this family does not support", keys.name(base)));
  }
  read_scaling(rope, keys, trained);
  read_own_switches(rope, keys);
  rope.axis = read_axes(keys, rope.width / 2);
  return rope;
}

std::vector<float> rope_frequencies(const RopeConfig& rope, int64_t context, const float* divisors) {
  const double d = static_cast<double>(rope.width), trained = static_cast<double>(rope.original_context);
  double base = rope.base;
  if (rope.scaling == RopeScaling::dynamic && context > rope.original_context) {
    base *= std::pow(rope.factor * static_cast<double>(context) / trained - (rope.factor - 1.0), d / (d - 2.0));
  }
  std::vector<float> out(static_cast<size_t>(rope.width / 2));
  for (size_t i = 0; i < out.size(); ++i) {
    const auto pair = static_cast<double>(i);
    const double frequency = scaled(rope, rope.theta0 * std::pow(base, -2.0 * pair / d), pair);
    out[i] = static_cast<float>(divisors != nullptr ? frequency / divisors[i] : frequency);
  }
  return out;
}

std::vector<float> window_rope_frequencies(const RopeConfig& rope) {
  RopeConfig plain = rope;
  plain.base = rope.window_base;
  if (rope.window_width > 0) plain.width = rope.window_width;
  plain.theta0 = 1.0;
  plain.scaling = RopeScaling::none;
  return rope_frequencies(plain, 0);
}

}  // namespace deskhand
