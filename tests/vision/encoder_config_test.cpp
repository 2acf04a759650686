// What published config.json files leave out of their vision_config is what the classes of transformers say.

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "vision/encoder.h"

namespace deskhand {
namespace {

using nlohmann::json;

MetadataStore keys_of(const json& config) {
  const std::string type = config.at("model_type");
  for (const Encoder* encoder : encoders()) {
    const auto types = encoder->hugging_face.model_types;
    if (std::find(types.begin(), types.end(), type) != types.end())
      return encoder_keys(*encoder, config, "config.json");
  }
  throw ModelFileError("no encoder for " + type);
}

void expect_shape(const MetadataStore& keys, int64_t width, int64_t layers, int64_t heads, double eps) {
  EXPECT_EQ(keys.integer("clip.vision.embedding_length"), width);
  EXPECT_EQ(keys.integer("clip.vision.block_count"), layers);
  EXPECT_EQ(keys.integer("clip.vision.attention.head_count"), heads);
  EXPECT_DOUBLE_EQ(keys.number("clip.vision.attention.layer_norm_epsilon"), eps);
}

TEST(EncoderConfig, SmolVlmLeavesOutTheLayers) {
  expect_shape(keys_of({{"model_type", "smolvlm"},
                        {"vision_config", {{"hidden_size", 768}, {"num_attention_heads", 12}, {"patch_size", 16}}}}),
               768, 12, 12, 1e-6);
}

TEST(EncoderConfig, LlavaLeavesOutTheEpsilonOfClip) {
  const json eyes = {{"hidden_size", 1024}, {"num_hidden_layers", 24}, {"num_attention_heads", 16}};
  expect_shape(keys_of({{"model_type", "llava"}, {"vision_config", eyes}}), 1024, 23, 16, 1e-5);
}

TEST(EncoderConfig, FineTunesOfQwen25VlLeaveOutTheWindows) {
  const MetadataStore keys =
      keys_of({{"model_type", "qwen2_5_vl"}, {"vision_config", {{"hidden_size", 1280}, {"in_chans", 3}}}});
  expect_shape(keys, 1280, 32, 16, 1e-6);
  EXPECT_EQ(keys.integer("clip.vision.window_size"), 112);
  const std::vector<int64_t> sees_all = keys.array("clip.vision.sees_all").as_integers();
  ASSERT_EQ(sees_all.size(), 32u);
  for (size_t i = 0; i < sees_all.size(); ++i) EXPECT_EQ(sees_all[i], i % 8 == 7 ? 1 : 0) << i;
}

TEST(EncoderConfig, FineTunesOfQwen2VlLeaveOutTheWidth) {
  const json eyes = {{"hidden_size", 3584}, {"in_chans", 3}};  // hidden_size: of the language model
  expect_shape(keys_of({{"model_type", "qwen2_vl"}, {"vision_config", eyes}}), 1280, 32, 16, 1e-6);
}

TEST(EncoderConfig, Llama32VisionLeavesOutTheTower) {
  const MetadataStore keys = keys_of({{"model_type", "mllama"}, {"vision_config", {{"image_size", 560}}}});
  expect_shape(keys, 1280, 32, 16, 1e-5);
  EXPECT_EQ(keys.integer("clip.vision.global.block_count"), 8);
  const std::vector<int64_t> kept = keys.array("clip.vision.kept_blocks").as_integers();
  ASSERT_EQ(kept.size(), 32u);
  for (const size_t i : {3, 7, 15, 23, 30}) EXPECT_EQ(kept[i], 1) << i;
  EXPECT_EQ(std::count(kept.begin(), kept.end(), 1), 5);
}

TEST(EncoderConfig, AnotherActivationIsRefused) {
  EXPECT_THROW(keys_of({{"model_type", "llava"}, {"vision_config", {{"hidden_act", "gelu"}}}}), ModelFileError);
  EXPECT_THROW(keys_of({{"model_type", "gemma4"}, {"vision_config", {{"hidden_activation", "silu"}}}}), ModelFileError);
  EXPECT_THROW(
      keys_of({{"model_type", "llava"}, {"vision_config", json::object()}, {"projector_hidden_act", "gelu_new"}}),
      ModelFileError);
  EXPECT_THROW(keys_of({{"model_type", "llava"}}), ModelFileError);
}

}  // namespace
}  // namespace deskhand
