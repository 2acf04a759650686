// Rotary scalings: frequencies against transformers (tests/reference/rope_scalings.py), our own switches by their
// formula, and what is refused.

#include "core/rope.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/hugging_face/config.h"
#include "core/model_config.h"
#include "tests/support/test_data.h"

namespace deskhand {
namespace {
using nlohmann::json;
using ::testing::FloatEq;
using ::testing::HasSubstr;

struct Read {
  RopeConfig rope;
  MadeTensors made;

  /// As a decoder makes them, divisors included.
  std::vector<float> frequencies(int64_t context) const {
    const bool longer = context > rope.original_context;
    const std::string wanted = rope.scaling != RopeScaling::longrope ? "rope_freqs.weight"
                               : longer                              ? "rope_factors_long.weight"
                                                                     : "rope_factors_short.weight";
    for (const auto& [name, values] : made) {
      if (name == wanted) return rope_frequencies(rope, context, values.data());
    }
    return rope_frequencies(rope, context);
  }
};

Read read(const json& config) {
  MetadataStore metadata;
  ConfigFacts facts = read_config(config, "config.json", metadata);
  return {model_config(metadata).rope, std::move(facts.made)};
}

TEST(Rope, FrequenciesAreThoseOfTransformers) {
  const auto cases = json::parse(testing::read_file("tests/core/fixtures/rope_scalings.json"));
  ASSERT_GE(cases.size(), 20u);
  for (const json& wanted : cases) {
    SCOPED_TRACE(wanted["config"]["rope_parameters"].dump());
    const Read model = read(wanted["config"]);
    const auto actual = model.frequencies(wanted["context"]);
    const std::vector<float> expected = wanted["frequencies"];
    ASSERT_EQ(actual.size(), expected.size());
    for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(actual[i], expected[i], 1e-6f * expected[i]) << i;
    EXPECT_NEAR(model.rope.amplitude, wanted["amplitude"].get<double>(), 1e-6);
  }
}

json llama(const json& rope) {
  return {{"model_type", "llama"},    {"hidden_size", 16},    {"intermediate_size", 4},
          {"num_hidden_layers", 1},   {"vocab_size", 9},      {"max_position_embeddings", 256},
          {"num_attention_heads", 2}, {"rms_norm_eps", 1e-5}, {"rope_parameters", rope}};
}

std::string refusal(const json& rope) {
  try {
    read(llama(rope));
  } catch (const ModelFileError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Rope, WhatChangesTheMathematicsIsRefusedByName) {
  EXPECT_THAT(refusal({{"rope_type", "yarn"}, {"factor", 2.0}, {"wobble", 3}}), HasSubstr("'wobble'"));
  EXPECT_THAT(refusal({{"rope_type", "proportional"}, {"factor", 2.0}}), HasSubstr("'proportional'"));
  EXPECT_THAT(refusal({{"rope_type", "linear"}}), HasSubstr("rope.scaling.factor"));
  EXPECT_THAT(refusal({{"rope_type", "dynamic"}, {"factor", -1.0}}), HasSubstr("must be a positive number"));
  EXPECT_THAT(refusal({{"rope_type", "dynamic"}, {"factor", 2.0}, {"partial_rotary_factor", 0.25}}),
              HasSubstr("at least 4"));
  EXPECT_THAT(refusal({{"rope_type", "yarn"}, {"factor", 2.0}, {"original_max_position_embeddings", -7}}),
              HasSubstr("original_context_length must lie in"));
  EXPECT_THAT(refusal({{"rope_type", "longrope"}, {"short_factor", {1, 1, 1, 1}}}), HasSubstr("'long_factor'"));
  EXPECT_THAT(refusal({{"rope_type", "longrope"}, {"short_factor", {1, 1, 1, 1}}, {"long_factor", {1, 2, 0, 3}}}),
              HasSubstr("'long_factor' must hold positive numbers"));
  EXPECT_THAT(refusal({{"rope_theta", 1e300}}), HasSubstr("freq_base"));
}

MetadataStore model_file() {
  MetadataStore file;
  read_config(llama({{"rope_theta", 10000.0}}), "config.json", file);
  return file;
}

TEST(Rope, OurOwnSwitchesReplaceTheBase) {
  MetadataStore file = model_file();
  file.set("deskhand.rope.theta0", 0.5);
  file.set("deskhand.rope.alpha", 0.0625);
  EXPECT_THAT(rope_frequencies(model_config(file).rope, 100),
              ::testing::ElementsAre(0.5f, FloatEq(0.25f), FloatEq(0.125f), FloatEq(0.0625f)));
  file.set_text("llama.rope.scaling.type", "linear");
  file.set("llama.rope.scaling.factor", 4.0);
  EXPECT_THAT(rope_frequencies(model_config(file).rope, 100),
              ::testing::ElementsAre(0.125f, FloatEq(0.0625f), FloatEq(0.03125f), FloatEq(0.015625f)));
  // θ0 = 1 and α = 1/base are plain rotation.
  MetadataStore same = model_file();
  same.set("deskhand.rope.alpha", 0.0001);
  const auto plain = rope_frequencies(model_config(model_file()).rope, 100);
  const auto again = rope_frequencies(model_config(same).rope, 100);
  for (size_t i = 0; i < plain.size(); ++i) EXPECT_FLOAT_EQ(plain[i], again[i]);
}

TEST(Rope, SenselessSwitchesAreRefused) {
  const auto with = [](const std::string& key, double value, const std::string& scaling) -> std::string {
    MetadataStore file = model_file();
    file.set(key, value);
    file.set_text("llama.rope.scaling.type", scaling);
    file.set("llama.rope.scaling.factor", 2.0);
    try {
      model_config(file);
    } catch (const ModelFileError& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_THAT(with("deskhand.rope.alpha", 1.0, "none"), HasSubstr("between 0 and 1"));
  EXPECT_THAT(with("deskhand.rope.alpha", -0.5, "none"), HasSubstr("positive"));
  EXPECT_THAT(with("deskhand.rope.theta0", 0.0, "linear"), HasSubstr("positive"));
  EXPECT_THAT(with("deskhand.rope.theta0", 2.0, "yarn"), HasSubstr("no scaling but the linear"));
  EXPECT_THAT(with("llama.rope.freq_base_swa", 5.0, "none"), HasSubstr("freq_base_swa differs"));
}

}  // namespace
}  // namespace deskhand
