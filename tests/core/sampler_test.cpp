#include "core/sampler.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>

namespace deskhand {
namespace {

/// How often each id comes in many draws.
std::map<int32_t, double> frequencies(const Sampling& sampling, const std::vector<float>& logits,
                                      const TokenMask* mask = nullptr, const std::vector<int32_t>& history = {}) {
  constexpr int draws = 20000;
  Sampler sampler(sampling, static_cast<int32_t>(logits.size()));
  std::map<int32_t, double> out;
  for (int i = 0; i < draws; ++i) out[sampler.sample(logits, history, mask)] += 1.0 / draws;
  return out;
}

std::vector<float> logits_of(const std::vector<double>& probabilities) {
  std::vector<float> out;
  for (double p : probabilities) out.push_back(static_cast<float>(std::log(p)));
  return out;
}

const std::vector<float> four = logits_of({0.1, 0.4, 0.2, 0.3});

TEST(Sampler, GreedyTakesTheFirstOfTheLargest) {
  Sampler sampler({}, 5);
  EXPECT_EQ(sampler.sample(std::vector<float>{1, 3, 2, 3, -1}, {}, nullptr), 1);
  TokenMask mask(5);
  EXPECT_EQ(sampler.sample(std::vector<float>{1, 3, 2, 3, -1}, {}, &mask), -1);
  mask.set(4);
  EXPECT_EQ(sampler.sample(std::vector<float>{1, 3, 2, 3, -1}, {}, &mask), 4);
}

TEST(Sampler, DrawsByProbabilityAndTemperature) {
  auto f = frequencies({.temperature = 1.0f}, four);
  EXPECT_NEAR(f[0], 0.1, 0.02);
  EXPECT_NEAR(f[1], 0.4, 0.02);
  f = frequencies({.temperature = 0.5f}, four);  // squares: 1, 16, 4, 9 of 30
  EXPECT_NEAR(f[1], 16.0 / 30, 0.02);
  EXPECT_NEAR(f[0], 1.0 / 30, 0.01);
}

TEST(Sampler, TopKTopPAndMinPCutTheTail) {
  auto f = frequencies({.temperature = 1.0f, .top_k = 2}, four);
  EXPECT_NEAR(f[1], 4.0 / 7, 0.02);
  EXPECT_NEAR(f[3], 3.0 / 7, 0.02);
  f = frequencies({.temperature = 1.0f, .top_p = 0.65f}, four);  // 0.4 + 0.3 hold it
  EXPECT_EQ(f.size(), 2u);
  EXPECT_NEAR(f[1], 4.0 / 7, 0.02);
  f = frequencies({.temperature = 1.0f, .top_p = 0.75f}, four);
  EXPECT_EQ(f.size(), 3u);
  f = frequencies({.temperature = 1.0f, .min_p = 0.6f}, four);  // at least 0.24
  EXPECT_EQ(f.size(), 2u);
  f = frequencies({.temperature = 1.0f, .top_k = 3, .top_p = 0.7f, .min_p = 0.9f}, four);
  EXPECT_EQ(f.size(), 1u);
  EXPECT_EQ(frequencies({.temperature = 1.0f, .top_p = 0.0f}, four).size(), 1u);
}

TEST(Sampler, TopPOfManyTokens) {
  std::vector<double> p;
  for (int i = 0; i < 1000; ++i) p.push_back(i % 2 == 0 ? 1.8e-3 : 0.2e-3);  // the even ids hold 0.9
  const auto f = frequencies({.temperature = 1.0f, .top_p = 0.89f}, logits_of(p));
  EXPECT_GT(f.size(), 480u);
  for (const auto& [id, frequency] : f) EXPECT_EQ(id % 2, 0) << frequency;
}

TEST(Sampler, TheMaskComesFirst) {
  TokenMask mask(4);
  mask.set(0);
  mask.set(2);
  auto f = frequencies({.temperature = 1.0f, .top_k = 2}, four, &mask);
  EXPECT_EQ(f.size(), 2u);
  EXPECT_NEAR(f[0], 1.0 / 3, 0.02);
}

TEST(Sampler, RepeatPenaltyIsDividedAndMultiplied) {
  const std::vector<float> logits{2.0f, 3.0f, -1.0f};
  Sampler sampler({.repeat_penalty = 2.0f, .repeat_last = 2}, 3);
  EXPECT_EQ(sampler.sample(logits, {}, nullptr), 1);
  EXPECT_EQ(sampler.sample(logits, std::vector<int32_t>{1}, nullptr), 0);
  EXPECT_EQ(sampler.sample(logits, std::vector<int32_t>{1, 1, 1, 0}, nullptr), 1);  // 2 / 2 against 3 / 2
  EXPECT_EQ(sampler.sample(logits, std::vector<int32_t>{1, 2, 2}, nullptr), 1);     // 1 lies before the last two
  EXPECT_EQ(sampler.sample(std::vector<float>{-1.0f, -1.5f}, std::vector<int32_t>{0}, nullptr), 1);
}

TEST(Sampler, SurvivesWhatIsNotANumber) {
  const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  for (const auto& logits :
       {std::vector<float>{nan, 1.0f, nan, -infinity}, std::vector<float>{nan, infinity, 0.0f, 1.0f}}) {
    Sampler greedy({}, 4);
    EXPECT_EQ(greedy.sample(logits, {}, nullptr), 1);
    Sampler drawn({.temperature = 1e-8f, .top_k = 3, .top_p = 0.9f, .min_p = 0.1f}, 4);
    EXPECT_EQ(drawn.sample(logits, {}, nullptr), 1);
  }
  Sampler hopeless({.temperature = 1.0f, .top_k = 2, .top_p = 0.5f}, 3);
  EXPECT_GE(hopeless.sample(std::vector<float>{nan, nan, nan}, {}, nullptr), 0);
}

}  // namespace
}  // namespace deskhand
