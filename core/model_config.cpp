#include "core/model_config.h"

#include <fmt/format.h>

#include <cmath>

namespace deskhand {
namespace {

/// Reads "<architecture>.<key>" and checks ranges.
class Keys {
 public:
  Keys(const Metadata& metadata, std::string architecture)
      : metadata_(metadata), architecture_(std::move(architecture)) {}

  const Metadata& metadata() const { return metadata_; }
  const std::string& architecture() const { return architecture_; }
  std::string name(std::string_view key) const { return fmt::format("{}.{}", architecture_, key); }
  bool has(std::string_view key) const { return metadata_.has(name(key)); }

  [[noreturn]] void fail(std::string_view key, const std::string& message) const {
    throw ModelFileError(fmt::format("model metadata: {} {}", name(key), message));
  }

  /// A count in [1, limit]; `fallback` when absent, which throws when there is none. An array must be uniform.
  int64_t count(std::string_view key, int64_t limit, std::optional<int64_t> fallback = std::nullopt) const {
    if (!has(key) && fallback) return *fallback;
    int64_t value = 0;
    const MetadataValue* found = metadata_.find(name(key));
    if (found != nullptr && std::holds_alternative<MetadataArray>(*found)) {
      value = uniform(key, std::get<MetadataArray>(*found).as_integers());
    } else {
      value = metadata_.integer(name(key));
    }
    if (value < 1 || value > limit) fail(key, fmt::format("must lie in 1…{}, not {}", limit, value));
    return value;
  }

  float positive(std::string_view key, std::optional<double> fallback = std::nullopt) const {
    const double value = fallback ? metadata_.number_or(name(key), *fallback) : metadata_.number(name(key));
    if (!(value > 0.0 && value < 1e30)) fail(key, fmt::format("must be a positive number, not {}", value));
    return static_cast<float>(value);
  }

 private:
  int64_t uniform(std::string_view key, const std::vector<int64_t>& values) const {
    for (int64_t value : values) {
      if (value != values.front()) fail(key, "differs between layers, which no family here supports");
    }
    if (values.empty()) fail(key, "is an empty list");
    return values.front();
  }

  const Metadata& metadata_;
  std::string architecture_;
};

void read_attention(ModelConfig& config, const Keys& keys) {
  constexpr int64_t most_heads = 4096, most_head_dim = 4096;
  config.heads = keys.count("attention.head_count", most_heads);
  config.kv_heads = keys.count("attention.head_count_kv", most_heads, config.heads);
  if (config.heads % config.kv_heads != 0) {
    keys.fail("attention.head_count_kv",
              fmt::format("= {} does not divide the {} heads", config.kv_heads, config.heads));
  }
  const bool divides = config.width % config.heads == 0;
  if (!divides && !keys.has("attention.key_length")) {
    keys.fail("attention.head_count", fmt::format("= {} does not divide the width {}", config.heads, config.width));
  }
  config.head_dim = keys.count("attention.key_length", most_head_dim, config.width / config.heads);
  const int64_t value_length = keys.count("attention.value_length", most_head_dim, config.head_dim);
  if (value_length != config.head_dim) {
    keys.fail("attention.value_length",
              fmt::format("= {} must equal the key length {}", value_length, config.head_dim));
  }
  // No key carries query_pre_attn_scalar of Gemma 3, which is the head size but for the 27B model's width / heads.
  constexpr int64_t layers_of_27b = 62;
  const bool gemma_27b = config.architecture == "gemma3" && config.layers == layers_of_27b;
  const int64_t scalar = gemma_27b ? config.width / config.heads : config.head_dim;
  config.attention_scale = keys.positive("attention.scale", 1.0 / std::sqrt(static_cast<double>(scalar)));
  if (keys.metadata().number_or(keys.name("attn_logit_softcapping"), 0.0) != 0.0) {
    keys.fail("attn_logit_softcapping", "asks for capped scores, which no family here supports");
  }
}

void read_rope(ModelConfig& config, const Keys& keys) {
  config.rotary_width = keys.count("rope.dimension_count", config.head_dim, config.head_dim);
  if (config.rotary_width % 2 != 0) keys.fail("rope.dimension_count", "must be even");
  config.rope_theta = keys.positive("rope.freq_base", 10000.0);
  config.rope_adjacent = keys.metadata().boolean_or(keys.name("rope.adjacent_pairs"), config.architecture == "llama");
  const std::string_view type = keys.metadata().text_or(keys.name("rope.scaling.type"), "none");
  if (type == "linear") {
    config.rope_factor = keys.positive("rope.scaling.factor");
  } else if (type != "none") {
    keys.fail("rope.scaling.type", fmt::format("is '{}', which no family here supports", type));
  } else if (keys.has("rope.scale_linear")) {
    config.rope_factor = keys.positive("rope.scale_linear");
  }
}

/// The window and which layers have it: those whose number (from 1) is no multiple of the pattern.
void read_windows(ModelConfig& config, const Keys& keys) {
  constexpr int64_t default_pattern = 6;
  constexpr std::string_view pattern_key = "attention.sliding_window_pattern";
  if (config.architecture != "gemma3") {
    if (keys.has(pattern_key)) keys.fail(pattern_key, "asks for windows, which this family does not support here");
    return;
  }
  config.window = keys.count("attention.sliding_window", int64_t{1} << 31);
  config.rope_theta_window = keys.positive("rope.freq_base_swa", 10000.0);
  config.windowed.resize(static_cast<size_t>(config.layers));
  const MetadataValue* found = keys.metadata().find(keys.name(pattern_key));
  if (found != nullptr && std::holds_alternative<MetadataArray>(*found)) {
    const std::vector<int64_t> flags = std::get<MetadataArray>(*found).as_integers();
    if (flags.size() != config.windowed.size()) keys.fail(pattern_key, "must have one entry per layer");
    for (size_t i = 0; i < flags.size(); ++i) config.windowed[i] = flags[i] != 0;
    return;
  }
  const auto pattern = static_cast<size_t>(keys.count(pattern_key, 1 << 20, default_pattern));
  for (size_t i = 0; i < config.windowed.size(); ++i) config.windowed[i] = (i + 1) % pattern != 0;
}

void refuse_unknown(const Keys& keys) {
  for (std::string_view key : keys.metadata().keys()) {
    if (key.starts_with("deskhand.")) {
      throw ModelFileError(fmt::format("model metadata: {} asks for something that this version does not know", key));
    }
  }
  if (keys.metadata().integer_or(keys.name("expert_count"), 0) != 0) {
    keys.fail("expert_count", "asks for experts, which no family here supports");
  }
}

}  // namespace

ModelConfig model_config(const Metadata& metadata) {
  constexpr int64_t most_layers = 4096, most_width = 1 << 20, most_vocabulary = 1 << 24, most_context = 1 << 30;
  ModelConfig config;
  config.architecture = metadata.text("general.architecture");
  const Keys keys(metadata, config.architecture);
  refuse_unknown(keys);
  config.layers = keys.count("block_count", most_layers);
  config.width = keys.count("embedding_length", most_width);
  config.feed_forward = keys.count("feed_forward_length", most_width);
  config.context = keys.count("context_length", most_context);
  std::optional<int64_t> tokens;
  if (metadata.has("tokenizer.ggml.tokens")) {
    tokens = static_cast<int64_t>(metadata.array("tokenizer.ggml.tokens").count);
  }
  config.vocabulary = keys.count("vocab_size", most_vocabulary, tokens);
  config.rms_eps = keys.positive("attention.layer_norm_rms_epsilon");
  config.final_softcap = static_cast<float>(metadata.number_or(keys.name("final_logit_softcapping"), 0.0));
  read_attention(config, keys);
  read_rope(config, keys);
  read_windows(config, keys);
  return config;
}

std::vector<float> rope_frequencies(int64_t rotary_width, float theta, float factor, const float* divisors) {
  std::vector<float> out(static_cast<size_t>(rotary_width / 2));
  for (size_t i = 0; i < out.size(); ++i) {
    const double exponent = -2.0 * static_cast<double>(i) / static_cast<double>(rotary_width);
    const double divisor = divisors != nullptr ? divisors[i] : 1.0;
    out[i] = static_cast<float>(std::pow(static_cast<double>(theta), exponent) / factor / divisor);
  }
  return out;
}

}  // namespace deskhand
