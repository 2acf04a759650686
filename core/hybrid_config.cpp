#include "core/hybrid_config.h"

#include <fmt/format.h>

#include "kernels/recurrent.h"

namespace deskhand {

DeltaConfig read_delta(const ConfigKeys& keys) {
  constexpr int64_t most_heads = 4096, most_width = 1 << 20;
  constexpr std::string_view value_heads = "ssm.time_step_rank", inner = "ssm.inner_size";
  DeltaConfig delta;
  delta.kernel = keys.count("ssm.conv_kernel", max_conv_kernel);
  delta.key_dim = keys.count("ssm.state_size", most_heads);
  delta.key_heads = keys.count("ssm.group_count", most_heads);
  delta.value_heads = keys.count(value_heads, most_heads);
  if (delta.value_heads % delta.key_heads != 0) {
    keys.fail(value_heads, fmt::format("= {} is no multiple of the {} key heads", delta.value_heads, delta.key_heads));
  }
  const int64_t width = keys.count(inner, most_width);
  if (width % delta.value_heads != 0) {
    keys.fail(inner, fmt::format("= {} is no multiple of the {} value heads", width, delta.value_heads));
  }
  delta.value_dim = width / delta.value_heads;
  delta.tiled = keys.boolean("ssm.tiled_value_heads", true);
  return delta;
}

ExpertConfig read_experts(const ConfigKeys& keys) {
  constexpr int64_t most_experts = 4096, most_width = 1 << 20;
  ExpertConfig experts;
  experts.count = keys.count("expert_count", most_experts);
  experts.used = keys.count("expert_used_count", experts.count);
  experts.feed_forward = keys.count("expert_feed_forward_length", most_width);
  experts.shared_feed_forward = keys.count("expert_shared_feed_forward_length", most_width);
  return experts;
}

CrossConfig read_cross(const ConfigKeys& keys, int64_t layers) {
  constexpr int64_t most_tiles = 16, most_rows = 1 << 20;
  constexpr std::string_view key = "attention.cross_layers";
  const std::vector<int64_t> flags = keys.per_layer(key, layers, 0, 1);
  if (flags.empty()) keys.fail(key, "is missing: Llama 3.2 Vision runs from its Hugging Face directory alone");
  CrossConfig cross;
  for (const int64_t flag : flags) cross.layers.push_back(flag != 0);
  cross.tiles = keys.count("vision.tiles", most_tiles);
  cross.tile_rows = keys.count("vision.tile_rows", most_rows);
  return cross;
}

std::vector<bool> read_recurrent(const ConfigKeys& keys, int64_t layers, int64_t stored) {
  constexpr int64_t most_interval = 4096, usual = 4;
  const std::vector<int64_t> flags = keys.per_layer("attention.recurrent_layers", stored, 0, 1);
  const int64_t interval = keys.count("full_attention_interval", most_interval, usual);
  std::vector<bool> recurrent;
  for (int64_t i = 0; i < layers; ++i) {
    recurrent.push_back(flags.empty() ? (i + 1) % interval != 0 : flags[static_cast<size_t>(i)] != 0);
  }
  return recurrent;
}

}  // namespace deskhand
