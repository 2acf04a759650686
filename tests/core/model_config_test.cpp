#include "core/model_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

namespace deskhand {
namespace {
using ::testing::HasSubstr;

/// Metadata from a list, not from a file.
class ListedMetadata : public Metadata {
 public:
  explicit ListedMetadata(std::string_view architecture) : architecture_(architecture) {
    values_["general.architecture"] = architecture_;
    set("block_count", uint64_t{12}).set("embedding_length", uint64_t{64}).set("feed_forward_length", uint64_t{100});
    set("context_length", uint64_t{2048}).set("vocab_size", uint64_t{300});
    set("attention.head_count", uint64_t{4}).set("attention.layer_norm_rms_epsilon", 1e-5);
    if (architecture_ == "gemma3") set("attention.sliding_window", uint64_t{512});
  }
  ListedMetadata& set(const std::string& key, MetadataValue value) {
    values_[std::string(architecture_) + "." + key] = std::move(value);
    return *this;
  }
  ListedMetadata& set_whole(const std::string& key, MetadataValue value) {
    values_[key] = std::move(value);
    return *this;
  }
  const MetadataValue* find(std::string_view key) const override {
    const auto found = values_.find(std::string(key));
    return found == values_.end() ? nullptr : &found->second;
  }
  std::vector<std::string_view> keys() const override {
    std::vector<std::string_view> out;
    for (const auto& [key, value] : values_) out.push_back(key);
    return out;
  }

 private:
  std::string_view architecture_;  // a literal
  std::map<std::string, MetadataValue> values_;
};

std::string refusal(const Metadata& metadata) {
  try {
    model_config(metadata);
  } catch (const ModelFileError& error) {
    return error.what();
  }
  return "accepted";
}

MetadataValue integers(const std::vector<int32_t>& values) {
  MetadataArray array;
  array.element_type = 5;
  array.count = values.size();
  array.data = reinterpret_cast<const std::byte*>(values.data());
  return array;
}

TEST(ModelConfig, DefaultsAreResolved) {
  const ModelConfig c = model_config(ListedMetadata("llama"));
  EXPECT_EQ(c.kv_heads, 4);
  EXPECT_EQ(c.head_dim, 16);
  EXPECT_EQ(c.rope.width, 16);
  EXPECT_EQ(c.rope.base, 10000.0f);
  EXPECT_EQ(c.rope.scaling, RopeScaling::none);
  EXPECT_FLOAT_EQ(c.attention_scale, 0.25f);
  EXPECT_TRUE(c.rope.adjacent);
  EXPECT_EQ(c.window, 0);
  EXPECT_FALSE(model_config(ListedMetadata("qwen2")).rope.adjacent);
}

TEST(ModelConfig, TheVocabularyIsCountedWhereNoKeySaysIt) {
  ListedMetadata m("llama");
  MetadataArray tokens;
  tokens.element_type = 8;
  tokens.count = 77;
  m.set_whole("tokenizer.ggml.tokens", tokens);
  EXPECT_EQ(model_config(m).vocabulary, 300);
  m.set("vocab_size", uint64_t{77});
  EXPECT_EQ(model_config(m).vocabulary, 77);
}

TEST(ModelConfig, WindowsFollowThePattern) {
  ModelConfig c = model_config(ListedMetadata("gemma3"));
  EXPECT_EQ(c.window, 512);
  EXPECT_EQ(c.rope.window_base, 10000.0f);
  const std::vector<bool> sixth{true, true, true, true, true, false, true, true, true, true, true, false};
  EXPECT_EQ(c.windowed, sixth);
  c = model_config(ListedMetadata("gemma3").set("attention.sliding_window_pattern", uint64_t{2}));
  EXPECT_TRUE(c.windowed[0] && !c.windowed[1] && c.windowed[2] && !c.windowed[11]);
  const std::vector<int32_t> flags{1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  c = model_config(ListedMetadata("gemma3").set("attention.sliding_window_pattern", integers(flags)));
  EXPECT_TRUE(c.windowed[0] && !c.windowed[1] && c.windowed[11]);
}

TEST(ModelConfig, UniformListsAreNumbers) {
  const std::vector<int32_t> two(12, 2);
  EXPECT_EQ(model_config(ListedMetadata("llama").set("attention.head_count_kv", integers(two))).kv_heads, 2);
  std::vector<int32_t> mixed = two;
  mixed[3] = 4;
  EXPECT_THAT(refusal(ListedMetadata("llama").set("attention.head_count_kv", integers(mixed))),
              HasSubstr("head_count_kv differs between layers"));
}

TEST(ModelConfig, ScalingIsLinearOrRefusedByName) {
  const auto scaled = [](std::string_view type) {
    return ListedMetadata("llama").set("rope.scaling.type", type).set("rope.scaling.factor", 8.0);
  };
  EXPECT_EQ(model_config(scaled("linear")).rope.factor, 8.0f);
  EXPECT_EQ(model_config(scaled("none")).rope.factor, 1.0f);
  EXPECT_EQ(model_config(ListedMetadata("llama").set("rope.scale_linear", 4.0)).rope.factor, 4.0f);
  EXPECT_THAT(refusal(scaled("proportional")), HasSubstr("'proportional'"));
}

TEST(ModelConfig, NumbersOutOfRangeAreRefused) {
  const auto with = [](const std::string& key, MetadataValue value) {
    return refusal(ListedMetadata("llama").set(key, std::move(value)));
  };
  EXPECT_THAT(with("block_count", uint64_t{0}), HasSubstr("block_count must lie in"));
  EXPECT_THAT(with("block_count", uint64_t{1} << 40), HasSubstr("block_count"));
  EXPECT_THAT(with("embedding_length", int64_t{-5}), HasSubstr("embedding_length"));
  EXPECT_THAT(with("attention.head_count", uint64_t{0}), HasSubstr("head_count"));
  EXPECT_THAT(with("attention.head_count", uint64_t{5}), HasSubstr("does not divide"));
  EXPECT_THAT(with("attention.head_count_kv", uint64_t{3}), HasSubstr("does not divide"));
  EXPECT_THAT(with("attention.value_length", uint64_t{8}), HasSubstr("value_length"));
  EXPECT_THAT(with("rope.dimension_count", uint64_t{7}), HasSubstr("even"));
  EXPECT_THAT(with("rope.dimension_count", uint64_t{18}), HasSubstr("dimension_count"));
  EXPECT_THAT(with("rope.freq_base", std::nan("")), HasSubstr("freq_base"));
  EXPECT_THAT(with("attention.layer_norm_rms_epsilon", 0.0), HasSubstr("epsilon"));
  EXPECT_THAT(with("vocab_size", std::string_view("many")), HasSubstr("must be an integer"));
  EXPECT_THAT(with("expert_count", uint64_t{8}), HasSubstr("experts"));
  EXPECT_THAT(with("attn_logit_softcapping", 50.0), HasSubstr("capped scores"));
  EXPECT_THAT(refusal(ListedMetadata("llama").set_whole("deskhand.rope.gamma", 0.5)), HasSubstr("deskhand.rope.gamma"));
}

TEST(ModelConfig, LlamasHaveWindowsWhereTheFileSaysSo) {
  const auto with_window = [](int64_t window) {
    return ListedMetadata("llama").set("attention.sliding_window", window);
  };
  EXPECT_EQ(model_config(with_window(0)).window, 0);
  EXPECT_TRUE(model_config(with_window(20)).has_window(0) && model_config(with_window(20)).has_window(11));
  const std::vector<int32_t> flags{1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  const ModelConfig c = model_config(with_window(20).set("attention.sliding_window_pattern", integers(flags)));
  EXPECT_TRUE(c.has_window(0) && !c.has_window(1) && c.has_window(11));
  EXPECT_THAT(refusal(with_window(-4)), HasSubstr("sliding_window must lie in"));
  EXPECT_THAT(refusal(ListedMetadata("llama").set("attention.sliding_window_pattern", uint64_t{2})),
              HasSubstr("stands without llama.attention.sliding_window"));
  const std::vector<int32_t> few{1, 0};
  EXPECT_THAT(refusal(with_window(20).set("attention.sliding_window_pattern", integers(few))),
              HasSubstr("one entry for each of the 12 layers, not 2"));
}

TEST(ModelConfig, SmolLM3LeavesEveryFourthLayerUnturned) {
  const ModelConfig c = model_config(ListedMetadata("smollm3"));
  for (int64_t i = 0; i < c.layers; ++i) EXPECT_EQ(c.layer_turns(i), (i + 1) % 4 != 0) << i;
  EXPECT_TRUE(c.rope.adjacent);
  const std::vector<int32_t> flags(12, 1);
  EXPECT_THAT(refusal(ListedMetadata("llama").set("rope.layers", integers(flags))), HasSubstr("rope.layers"));
}

TEST(ModelConfig, SwitchesPerLayer) {
  const auto with = [](const std::string& key, const std::vector<int32_t>& values) {
    return ListedMetadata("qwen2").set_whole("deskhand." + key, integers(values));
  };
  const std::vector<int32_t> stripes{-1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, -1}, pairs{0, 0, 2, 2, 4, 4, 6, 6, 8, 8, 10, 10};
  EXPECT_EQ(model_config(with("attention.stripe", stripes)).stripes[2], 1);
  EXPECT_EQ(model_config(with("ffn.shared_with", pairs)).ffn_layer(7), 6);
  EXPECT_EQ(model_config(with("ffn.shared_with", pairs)).saved_parameters(), 6 * 3 * 64 * 100);
  EXPECT_EQ(model_config(ListedMetadata("qwen2")).saved_parameters(), 0);
  EXPECT_THAT(refusal(with("attention.stripe", {0, 1})), HasSubstr("one entry for each of the 12 layers"));
  EXPECT_THAT(refusal(with("attention.stripe", std::vector<int32_t>(12, 2))), HasSubstr("-1…1, not 2"));
  EXPECT_THAT(refusal(with("ffn.shared_with", std::vector<int32_t>(12, 12))), HasSubstr("0…11, not 12"));
  EXPECT_THAT(refusal(with("ffn.shared_with", {1, 2, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11})),
              HasSubstr("names layer 1, which uses that of layer 2"));
  EXPECT_THAT(refusal(ListedMetadata("qwen2").set_whole("deskhand.attention.stripe", uint64_t{1})),
              HasSubstr("must be a list with one number per layer"));
}

ListedMetadata hybrid() {
  ListedMetadata m("qwen35");
  m.set("block_count", uint64_t{9}).set("nextn_predict_layers", uint64_t{1}).set("ssm.conv_kernel", uint64_t{4});
  m.set("ssm.state_size", uint64_t{8}).set("ssm.group_count", uint64_t{2}).set("ssm.time_step_rank", uint64_t{6});
  m.set("ssm.inner_size", uint64_t{60});
  return m;
}

TEST(ModelConfig, HybridsHaveRecurrentLayers) {
  ModelConfig c = model_config(hybrid());
  EXPECT_EQ(c.layers, 8);
  EXPECT_EQ(c.stored_layers, 9);
  EXPECT_EQ(c.recurrent, (std::vector<bool>{true, true, true, false, true, true, true, false}));
  EXPECT_EQ(c.delta.value_dim, 10);
  EXPECT_EQ(c.delta.channels(), 16 + 16 + 60);
  EXPECT_TRUE(c.delta.tiled);
  const std::vector<int32_t> flags{0, 1, 0, 0, 0, 0, 0, 1, 0};
  c = model_config(hybrid().set("attention.recurrent_layers", integers(flags)));
  EXPECT_TRUE(!c.is_recurrent(0) && c.is_recurrent(1) && c.is_recurrent(7));
  EXPECT_THAT(refusal(hybrid().set("nextn_predict_layers", uint64_t{9})),
              HasSubstr("nextn_predict_layers must lie in 0…8"));
  EXPECT_THAT(refusal(hybrid().set("ssm.inner_size", uint64_t{61})), HasSubstr("no multiple of the 6 value heads"));
  EXPECT_THAT(refusal(hybrid().set("ssm.group_count", uint64_t{4})), HasSubstr("no multiple of the 4 key heads"));
  EXPECT_THAT(refusal(hybrid().set("full_attention_interval", uint64_t{0})), HasSubstr("full_attention_interval"));
  EXPECT_THAT(refusal(hybrid().set("expert_count", uint64_t{8})), HasSubstr("experts"));
}

}  // namespace
}  // namespace deskhand
