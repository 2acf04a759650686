// Perplexity: of windows of a text, as llama.cpp measures it.

#include "core/perplexity.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/prompt.h"
#include "core/session.h"
#include "tests/support/test_data.h"

namespace deskhand {
namespace {

class Perplexities : public ::testing::Test {
 protected:
  void SetUp() override {
    REQUIRE_TEST_DATA(folder, "stories260k");
    engine_ = Engine::open(folder / "stories260K-f32.gguf",
                           {.threads = 2, .context = 256, .kv_type = DType::f32, .prefill_chunk = 50, .exact = true});
    ids_ = raw_prompt_ids(engine_->tokenizer(), testing::read_file("tests/text/devils_dictionary.txt"));
  }
  Perplexity measure(const PerplexityOptions& options) { return measure_perplexity(*engine_, ids_, options); }

  std::unique_ptr<Engine> engine_;
  std::vector<int32_t> ids_;
};

// llama-perplexity -c 256 -b 256 --chunks 8 -ctk f32 -ctv f32 says 125.5747 ± 13.20107.
TEST_F(Perplexities, IsWhatLlamaCppSays) {
  const Perplexity result = measure({.window = 256, .most_windows = 8});
  EXPECT_NEAR(result.value, 125.5747, 0.05);
  EXPECT_NEAR(result.error, 13.20107, 0.01);
  EXPECT_EQ(result.windows, 8);
  EXPECT_EQ(result.tokens, 8 * 127);
}

TEST_F(Perplexities, LogProbabilitiesAreThoseOfTheTokensOneByOne) {
  const std::span<const int32_t> ids(ids_.data(), 120);
  const auto all = engine_->log_probabilities(ids, 1, {});
  ASSERT_EQ(all.size(), 119u);
  const auto one_by_one = engine_->new_session();
  for (size_t i = 1; i < ids.size(); ++i) {
    one_by_one->set_prompt(ids.first(i), {});
    const auto logits = one_by_one->logits();
    double sum = 0;
    for (const float logit : logits) sum += std::exp(static_cast<double>(logit));
    EXPECT_NEAR(all[i - 1], static_cast<double>(logits[static_cast<size_t>(ids[i])]) - std::log(sum), 1e-4) << i;
  }
  const auto rest = engine_->log_probabilities(ids, 70, {});
  ASSERT_EQ(rest.size(), 50u);
  for (size_t i = 0; i < rest.size(); ++i) EXPECT_NEAR(rest[i], all[69 + i], 1e-4);
  EXPECT_TRUE(engine_->log_probabilities(ids, 120, {}).empty());
}

TEST_F(Perplexities, StopsAndLimits) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(measure({.window = 128, .stop = stop.get_token()}).windows, 0);
  EXPECT_EQ(perplexity_windows(1000, {.window = 256}), 3);
  EXPECT_EQ(perplexity_windows(1000, {.window = 256, .most_windows = 2}), 2);
  EXPECT_EQ(perplexity_windows(255, {.window = 256}), 0);
  EXPECT_THROW(measure({.window = 512}), ContextFull);
}

}  // namespace
}  // namespace deskhand
