#include "core/model_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace deskhand {
namespace {

void read_attention(ModelConfig& config, const ConfigKeys& keys) {
  constexpr int64_t most_heads = 4096, most_head_dim = 4096;
  config.heads = keys.count("attention.head_count", most_heads);
  const std::vector<int64_t> kv_heads = keys.per_layer("attention.head_count_kv", config.layers, 1, most_heads);
  config.kv_heads = config.architecture == "gemma4" && !kv_heads.empty()
                        ? *std::max_element(kv_heads.begin(), kv_heads.end())
                        : keys.count("attention.head_count_kv", most_heads, config.heads);
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
  config.attention_scale = 1.0f;
  if (config.architecture == "gemma4") return;
  // No key carries query_pre_attn_scalar of Gemma 3, which is the head size but for the 27B model's width / heads.
  constexpr int64_t layers_of_27b = 62;
  const bool gemma_27b = config.architecture == "gemma3" && config.layers == layers_of_27b;
  const int64_t scalar = gemma_27b ? config.width / config.heads : config.head_dim;
  config.attention_scale = keys.positive("attention.scale", 1.0 / std::sqrt(static_cast<double>(scalar)));
  if (keys.metadata().number_or(keys.name("attn_logit_softcapping"), 0.0) != 0.0) {
    keys.fail("attn_logit_softcapping", "asks for capped scores, which no family here supports");
  }
}

/// The window and which layers have it. A list says it by layer; a number n means all but every n-th; none means all,
/// for Gemma 3 all but every sixth.
void read_windows(ModelConfig& config, const ConfigKeys& keys) {
  constexpr std::string_view window_key = "attention.sliding_window", pattern_key = "attention.sliding_window_pattern";
  constexpr int64_t most_window = int64_t{1} << 31, most_pattern = 1 << 20, gemma_pattern = 6;
  if (!keys.has(window_key)) {
    if (keys.has(pattern_key)) keys.fail(pattern_key, fmt::format("stands without {}", keys.name(window_key)));
    return;
  }
  if (keys.metadata().integer(keys.name(window_key)) == 0) return;
  config.window = keys.count(window_key, most_window);
  config.windowed.resize(static_cast<size_t>(config.layers));
  const std::vector<int64_t> flags = keys.per_layer(pattern_key, config.layers, 0, 1);
  const bool all = config.architecture != "gemma3" && !keys.has(pattern_key);
  const auto pattern =
      static_cast<size_t>(flags.empty() && !all ? keys.count(pattern_key, most_pattern, gemma_pattern) : 1);
  for (size_t i = 0; i < config.windowed.size(); ++i) {
    config.windowed[i] = flags.empty() ? all || (i + 1) % pattern != 0 : flags[i] != 0;
  }
}

/// SmolLM3 leaves every fourth layer unturned; the converter writes no key for it.
void read_turns(ModelConfig& config, const ConfigKeys& keys) {
  constexpr int64_t unturned = 4;
  constexpr std::string_view key = "rope.layers";
  const std::vector<int64_t> flags = keys.per_layer(key, config.layers, 0, 1);
  if (config.architecture != "smollm3") {
    if (keys.has(key)) keys.fail(key, "is known for smollm3 alone");
    return;
  }
  for (int64_t i = 0; i < config.layers; ++i) {
    config.turns.push_back(flags.empty() ? (i + 1) % unturned != 0 : flags[static_cast<size_t>(i)] != 0);
  }
}

void read_own_switches(ModelConfig& config, const ConfigKeys& keys) {
  constexpr std::string_view stripe = "deskhand.attention.stripe", shared = "deskhand.ffn.shared_with";
  config.stripes = keys.per_layer(stripe, config.layers, -1, 1);
  config.ffn_layers = keys.per_layer(shared, config.layers, 0, config.layers - 1);
  for (const std::string_view key : {stripe, shared}) {
    if (keys.has(key) && (key == stripe ? config.stripes : config.ffn_layers).empty()) {
      keys.fail(key, "must be a list with one number per layer");
    }
  }
  for (const int64_t owner : config.ffn_layers) {
    if (config.ffn_layer(owner) != owner) {
      keys.fail(shared, fmt::format("names layer {}, which uses that of layer {}", owner, config.ffn_layer(owner)));
    }
  }
}

void refuse_unknown(const ConfigKeys& keys) {
  constexpr std::array<std::string_view, 4> own = {"deskhand.rope.theta0", "deskhand.rope.alpha",
                                                   "deskhand.attention.stripe", "deskhand.ffn.shared_with"};
  for (std::string_view key : keys.metadata().keys()) {
    if (key.starts_with("deskhand.") && std::find(own.begin(), own.end(), key) == own.end()) {
      throw ModelFileError(fmt::format("model metadata: {} asks for something that this version does not know", key));
    }
  }
}

/// Gemma 4: layers with a window have other heads, the last layers use the keys and values of earlier ones, and their
/// networks may be wider.
void read_shapes(ModelConfig& config, const ConfigKeys& keys) {
  config.shapes.assign(static_cast<size_t>(config.layers),
                       {.head_dim = config.head_dim, .kv_heads = config.kv_heads, .feed_forward = config.feed_forward});
  for (int64_t i = 0; i < config.layers; ++i) config.shapes[static_cast<size_t>(i)].kv_layer = i;
  if (config.architecture != "gemma4") return;
  constexpr int64_t most = 1 << 20;
  const int64_t window_dim = keys.count("attention.key_length_swa", most, config.head_dim);
  const int64_t shared = keys.metadata().integer_or(keys.name("attention.shared_kv_layers"), 0);
  if (shared < 0 || shared >= config.layers) {
    keys.fail("attention.shared_kv_layers", fmt::format("must lie in 0…{}, not {}", config.layers - 1, shared));
  }
  const std::vector<int64_t> kv_heads = keys.per_layer("attention.head_count_kv", config.layers, 1, most),
                             inner = keys.per_layer("feed_forward_length", config.layers, 1, most);
  for (int64_t i = 0; i < config.layers; ++i) {
    LayerShape& shape = config.shapes[static_cast<size_t>(i)];
    if (config.has_window(i)) shape.head_dim = window_dim;
    if (!kv_heads.empty()) shape.kv_heads = kv_heads[static_cast<size_t>(i)];
    if (!inner.empty()) shape.feed_forward = inner[static_cast<size_t>(i)];
    if (config.heads % shape.kv_heads != 0 || shape.head_dim % 2 != 0) {
      keys.fail("attention.head_count_kv", fmt::format("of layer {} does not fit the {} heads", i, config.heads));
    }
    if (i < config.layers - shared) continue;
    int64_t source = config.layers - shared - 1;
    while (source >= 0 && config.has_window(source) != config.has_window(i)) --source;
    if (source < 0) keys.fail("attention.shared_kv_layers", fmt::format("leaves layer {} none to share with", i));
    shape.kv_layer = source;
  }
  config.head_dim = std::max(config.head_dim, window_dim);
  config.layer_embedding = keys.metadata().integer_or(keys.name("embedding_length_per_layer_input"), 0);
  if (config.layer_embedding < 0 || config.layer_embedding > most) {
    keys.fail("embedding_length_per_layer_input", fmt::format("must lie in 0…{}", most));
  }
}

/// Recurrent layers, experts and layers that see pictures, where the architecture has them.
void read_hybrid(ModelConfig& config, const ConfigKeys& keys) {
  const bool has_experts = config.architecture == "qwen35moe",
             is_hybrid = has_experts || config.architecture == "qwen35";
  if (!has_experts && keys.metadata().integer_or(keys.name("expert_count"), 0) != 0) {
    keys.fail("expert_count", "asks for experts, which this family does not have here");
  }
  if (has_experts) {
    config.experts = read_experts(keys);
    if (!config.ffn_layers.empty()) {
      keys.fail("deskhand.ffn.shared_with", "asks for shared networks, which a model of experts does not have here");
    }
  }
  if (config.architecture == "mllama") config.cross = read_cross(keys, config.layers);
  if (!is_hybrid) return;
  config.delta = read_delta(keys);
  config.recurrent = read_recurrent(keys, config.layers, config.stored_layers);
}

/// Layers of the file, and of the decoder.
void read_layers(ModelConfig& config, const ConfigKeys& keys) {
  constexpr int64_t most_layers = 4096;
  constexpr std::string_view ahead = "nextn_predict_layers";
  config.stored_layers = keys.count("block_count", most_layers);
  const int64_t unused = keys.metadata().integer_or(keys.name(ahead), 0);
  if (unused < 0 || unused >= config.stored_layers) {
    keys.fail(ahead, fmt::format("must lie in 0…{}, not {}", config.stored_layers - 1, unused));
  }
  config.layers = config.stored_layers - unused;
}

}  // namespace

int64_t ModelConfig::saved_parameters() const {
  int64_t borrowers = 0;
  for (int64_t i = 0; i < layers; ++i) borrowers += ffn_layer(i) != i ? 1 : 0;
  return borrowers * 3 * width * feed_forward;
}

ModelConfig model_config(const Metadata& metadata) {
  constexpr int64_t most_width = 1 << 20, most_vocabulary = 1 << 24, most_context = 1 << 30;
  ModelConfig config;
  config.architecture = metadata.text("general.architecture");
  const ConfigKeys keys(metadata, config.architecture);
  refuse_unknown(keys);
  read_layers(config, keys);
  config.width = keys.count("embedding_length", most_width);
  const bool has_experts = keys.has("expert_shared_feed_forward_length");
  const std::vector<int64_t> inner = keys.per_layer("feed_forward_length", config.layers, 1, most_width);
  config.feed_forward =
      config.architecture == "gemma4" && !inner.empty()
          ? *std::max_element(inner.begin(), inner.end())
          : keys.count(has_experts ? "expert_shared_feed_forward_length" : "feed_forward_length", most_width);
  config.context = keys.count("context_length", most_context);
  std::optional<int64_t> tokens;
  if (metadata.has("tokenizer.ggml.tokens")) {
    tokens = static_cast<int64_t>(metadata.array("tokenizer.ggml.tokens").count);
  }
  config.vocabulary = keys.count("vocab_size", most_vocabulary, tokens);
  const int64_t extra = keys.metadata().integer_or(keys.name("extra_embeddings"), 0);
  if (extra < 0 || extra > most_vocabulary) {
    keys.fail("extra_embeddings", fmt::format("must lie in 0…{}", most_vocabulary));
  }
  config.embeddings = config.vocabulary + extra;
  config.rms_eps = keys.positive("attention.layer_norm_rms_epsilon");
  config.final_softcap = static_cast<float>(metadata.number_or(keys.name("final_logit_softcapping"), 0.0));
  read_attention(config, keys);
  config.rope = read_rope(keys, config.head_dim, config.context);
  read_windows(config, keys);
  read_turns(config, keys);
  read_own_switches(config, keys);
  read_shapes(config, keys);
  read_hybrid(config, keys);
  return config;
}

}  // namespace deskhand
