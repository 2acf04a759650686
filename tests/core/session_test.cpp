// Replies of the 260 K-parameter model: text, constraints, forced bytes, limits, cancelling.

#include "core/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/constraint/grammar.h"
#include "core/constraint/grammar_constraint.h"
#include "tests/support/test_data.h"

namespace deskhand {
namespace {
using ::testing::StartsWith;

constexpr std::string_view golden =
    "Once upon a time, there was a little girl named Lily. She loved to play outside in the park. One day, she saw a "
    "big, red ball. She wanted to play with it, but it was too high.\nLily's mom said, \"Lily, let's go to the park.\" "
    "Lily was sad";

class SessionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    REQUIRE_TEST_DATA(folder, "stories260k");
    file_ = ModelFile::open(folder / "stories260K-f32.gguf");
    backend_ = make_reference_backend();
    tokenizer_ = Tokenizer::from_metadata(file_->metadata());
    trie_ = std::make_unique<TokenTrie>(*tokenizer_);
    model_ = std::make_unique<LanguageModel>(
        file_, *backend_, LanguageModelOptions{.context = 300, .kv_type = DType::f32, .cache_bytes = 1 << 24});
    queue_ = std::make_unique<ForwardQueue>(*model_, *backend_, 64);
    session_ = new_session();
  }
  std::unique_ptr<Session> new_session() { return make_session(*queue_, *tokenizer_); }
  std::vector<int32_t> prompt(std::string_view text) const {
    std::vector<int32_t> ids{tokenizer_->bos()};
    for (int32_t id : tokenizer_->encode(text, SpecialTokens::literal)) ids.push_back(id);
    return ids;
  }
  Generation generate(const GenerateOptions& options, Constraint* constraint = nullptr) {
    streamed_.clear();
    return session_->generate(options, constraint, [this](std::string_view text) { streamed_ += text; }, {});
  }

  std::shared_ptr<const ModelFile> file_;
  std::unique_ptr<Backend> backend_;
  std::unique_ptr<Tokenizer> tokenizer_;
  std::unique_ptr<TokenTrie> trie_;
  std::unique_ptr<LanguageModel> model_;
  std::unique_ptr<ForwardQueue> queue_;
  std::unique_ptr<Session> session_;
  std::string streamed_;
};

TEST_F(SessionTest, TellsTheGoldenStory) {
  session_->set_prompt(prompt(""));
  const Generation g = generate({.max_tokens = 150});
  EXPECT_THAT(g.text, StartsWith(std::string(golden)));
  EXPECT_EQ(streamed_, g.text);
  EXPECT_EQ(g.reason, EndReason::max_tokens);
  EXPECT_EQ(g.ids.size(), 150u);
  EXPECT_EQ(g.prompt_tokens, 1);
  // The prompt's pass gave the first token, so the last token was never fed.
  EXPECT_EQ(g.forward_passes, 149);
}

TEST_F(SessionTest, KnownPrefixesAreNotFedAgain) {
  const auto first = prompt("Once upon a time, there was a big dog");
  session_->set_prompt(first);
  const std::string reply = generate({.max_tokens = 20}).text;
  auto longer = session_->ids();
  const auto held = static_cast<int64_t>(longer.size()) - 1;  // the last generated token was not fed
  for (int32_t id : tokenizer_->encode(" The end", SpecialTokens::literal)) longer.push_back(id);
  session_->set_prompt(longer);
  EXPECT_EQ(generate({.max_tokens = 1}).reused_tokens, held);
  session_->set_prompt(first);
  const Generation again = generate({.max_tokens = 20});
  EXPECT_EQ(again.reused_tokens, static_cast<int64_t>(first.size()) - 1);
  EXPECT_EQ(again.text, reply);
}

TEST_F(SessionTest, ConstrainedRepliesAreInTheGrammar) {
  GrammarBuilder b;
  const std::vector<std::string> animals{"dog", "cat", "bird", "butterfly"};
  const Grammar grammar = b.build(b.sequence({b.literal("{\"animal\": \""), b.any_of(animals), b.literal("\"}")}));
  for (uint64_t seed = 0; seed < 8; ++seed) {
    GrammarConstraint constraint(grammar, *trie_);
    session_->set_prompt(prompt("Lily saw a"));
    const Generation g = generate({.max_tokens = 100, .sampling = {.temperature = 1.5f, .seed = seed}}, &constraint);
    EXPECT_EQ(g.reason, EndReason::constraint_complete);
    EXPECT_TRUE(grammar.matches(g.text)) << g.text;
    EXPECT_GT(g.forced_tokens, 0);
    // What is forced costs no pass of its own.
    EXPECT_LE(g.forward_passes, static_cast<int64_t>(g.ids.size()) - g.forced_tokens + 1);
  }
}

TEST_F(SessionTest, WhatIsWhollyForcedNeedsNoPass) {
  GrammarBuilder b;
  const Grammar grammar = b.build(b.literal("The end of the story."));
  GrammarConstraint constraint(grammar, *trie_);
  session_->set_prompt(prompt("Lily saw a"));
  const Generation g = generate({.max_tokens = 100}, &constraint);
  EXPECT_EQ(g.text, "The end of the story.");
  EXPECT_EQ(g.reason, EndReason::constraint_complete);
  EXPECT_LE(g.forward_passes, 2);
}

TEST_F(SessionTest, ForcedIdsLeaveTheLastTokenOpen) {
  const auto whole = tokenizer_->encode("She loved to play outside", SpecialTokens::literal);
  const std::span<const int32_t> ids = whole;
  const auto text_of = [&](std::span<const int32_t> some) {
    std::string out;
    for (int32_t id : some) out += tokenizer_->token_bytes(id);
    return out;
  };
  const std::string rest = text_of(ids.subspan(2));
  const auto open = forced_ids(*tokenizer_, ids.first(2), rest, false);
  const auto closed = forced_ids(*tokenizer_, ids.first(2), rest, true);
  EXPECT_EQ(closed, std::vector<int32_t>(ids.begin() + 2, ids.end()));
  EXPECT_EQ(open, std::vector<int32_t>(ids.begin() + 2, ids.end() - 1));
  // "play" is one token: after " pl" was said, the joint lies inside a token of the natural cut.
  EXPECT_TRUE(forced_ids(*tokenizer_, tokenizer_->encode("pl", SpecialTokens::literal), "ay", true).empty());
}

TEST_F(SessionTest, EndsBeforeAStopText) {
  session_->set_prompt(prompt(""));
  const Generation g = generate({.max_tokens = 150, .stop_texts = {"never said", "One day, she", "park."}});
  EXPECT_EQ(g.text, golden.substr(0, golden.find("park.")));
  EXPECT_EQ(streamed_, g.text);
  EXPECT_EQ(g.reason, EndReason::stop_text);
}

TEST_F(SessionTest, EndsWithTheContextAndRefusesLongerPrompts) {
  session_->set_prompt(prompt("Once"));
  const Generation g = generate({.max_tokens = 1000, .ignore_end = true});
  EXPECT_EQ(g.reason, EndReason::context_full);
  EXPECT_EQ(session_->ids().size(), 300u);
  EXPECT_THROW(session_->append(5), ContextFull);
  EXPECT_THROW(session_->set_prompt(std::vector<int32_t>(301, 5)), ContextFull);
  session_->set_prompt(prompt("Once"));
  EXPECT_EQ(generate({.max_tokens = 3}).reason, EndReason::max_tokens);
}

TEST_F(SessionTest, StopsWhenAsked) {
  session_->set_prompt(prompt(""));
  std::stop_source source;
  int pieces = 0;
  const auto on_text = [&](std::string_view) {
    if (++pieces == 5) source.request_stop();
  };
  const Generation g = session_->generate({.max_tokens = 100}, nullptr, on_text, source.get_token());
  EXPECT_EQ(g.reason, EndReason::stopped);
  EXPECT_LT(g.ids.size(), 12u);
  EXPECT_THAT(std::string(golden), StartsWith(g.text));
}

TEST_F(SessionTest, TheSameSeedTellsTheSameStory) {
  std::vector<std::string> stories;
  for (uint64_t seed : {1, 1, 2}) {
    session_->set_prompt(prompt(""));
    stories.push_back(
        generate({.max_tokens = 60, .sampling = {.temperature = 1.0f, .top_k = 40, .top_p = 0.95f, .seed = seed}})
            .text);
  }
  EXPECT_EQ(stories[0], stories[1]);
  EXPECT_NE(stories[0], stories[2]);
}

TEST_F(SessionTest, AppendedTokensCountAsGenerated) {
  session_->set_prompt(prompt("Once upon"));
  const auto next = tokenizer_->encode("Once upon a time", SpecialTokens::literal);
  for (size_t i = 2; i < next.size(); ++i) session_->append(next[i]);
  const std::vector<float> logits(session_->logits().begin(), session_->logits().end());
  const auto ids = session_->ids();
  const auto other = new_session();
  other->set_prompt(ids);
  for (size_t i = 0; i < logits.size(); ++i) EXPECT_NEAR(other->logits()[i], logits[i], 1e-4);
}

}  // namespace
}  // namespace deskhand
