// A model with eyes behind its dialect: what a step of a run costs, and what its replies may be.

#include <gtest/gtest.h>

#include <fstream>

#include "agent/dialect.h"
#include "agent/turn_log.h"
#include "core/constraint/grammar.h"
#include "core/constraint/grammar_constraint.h"
#include "core/engine.h"
#include "tests/support/dialect_clicks.h"
#include "tests/support/folders.h"
#include "tests/support/seeing_model.h"
#include "tests/support/test_data.h"
#include "vision/multimodal.h"

namespace deskhand {
namespace {

class SeeingMind : public ::testing::Test {
 protected:
  void open(const std::string& chat_template = testing::seeing_template, size_t budget = Multimodal::usual_budget) {
    testing::write_seeing_model(folder_.path(), chat_template);
    engine_ = Engine::open(folder_.path(), {.threads = 1, .context = 32768});
    backend_ = make_cpu_backend({.threads = 1});
    eyes_ = std::make_unique<Multimodal>(engine_->tokenizer(),
                                         open_encoder(folder_.path(), *backend_, engine_->info().width), budget);
    mind_ = make_local_mind(*engine_, {}, eyes_.get());
  }

  /// One step of a run; the model's own reply is cut short, and another one stands for it in the log.
  MindReply step(const Dialect& dialect, TurnLog& log, int shade) {
    Image screen(64, 64);
    for (uint8_t& byte : screen.data) byte = static_cast<uint8_t>(shade * 9);
    log.look(screen, screen.bounds());
    const DialectPrompt prompt = dialect.prompt({.goal = "Press OK", .turns = log.turns(), .today = {2026, 11, 24}});
    MindRequest request = request_of(dialect, prompt);
    request.max_tokens = 2;
    const MindReply reply = mind_->reply(request, nullptr, {});
    log.said(testing::click_reply(dialect.name, 3, 4), true);
    log.came_of({.name = "left_click", .call = "left_click"}, {.action = {.name = "left_click"}, .ok = true}, nullptr);
    return reply;
  }

  /// Every step computes what is new in it and no more.
  void expect_nothing_twice(const Dialect& dialect, int steps) {
    TurnLog log(dialect.frame, &eyes_->encoder());
    int64_t before = 0;
    for (int i = 1; i <= steps; ++i) {
      const MindReply reply = step(dialect, log, i);
      const int64_t computed = reply.prompt_tokens - reply.reused_tokens;
      // The beginning of the reply is written anew: a few tokens, in a vocabulary of bytes some more.
      EXPECT_LE(computed, reply.prompt_tokens - before + 32) << dialect.name << ", step " << i;
      EXPECT_GT(reply.image_tokens, 0);
      before = reply.prompt_tokens;
    }
    EXPECT_EQ(eyes_->encoded(), steps) << dialect.name;
  }

  testing::TemporaryFolder folder_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Backend> backend_;
  std::unique_ptr<Multimodal> eyes_;
  std::unique_ptr<Mind> mind_;
};

TEST_F(SeeingMind, ComputesNothingTwice) {
  open();
  expect_nothing_twice(*find_dialect("qwen35"), 6);
}

TEST_F(SeeingMind, ComputesNothingTwiceUnderTheFamilysOwnTemplate) {
  const auto data = testing::test_data_folder();
  if (!data) GTEST_SKIP() << "DESKHAND_TEST_DATA is not set";
  open(testing::read_file(*data / "chat/templates/Qwen3.5-4B.jinja"));
  expect_nothing_twice(*find_dialect("qwen35"), 6);
}

TEST_F(SeeingMind, AnUnchangedScreenCostsNoRows) {
  open();
  const Dialect& dialect = *find_dialect("qwen35");
  TurnLog log(dialect.frame, &eyes_->encoder());
  const MindReply first = step(dialect, log, 1);
  const MindReply second = step(dialect, log, 1);
  EXPECT_EQ(second.image_tokens, first.image_tokens);
  EXPECT_EQ(eyes_->encoded(), 1);
}

TEST_F(SeeingMind, AScreenThatComesBackIsNotEncodedAgain) {
  open();
  const Dialect& dialect = *find_dialect("qwen35");
  TurnLog log(dialect.frame, &eyes_->encoder());
  for (const int shade : {1, 2, 1, 2}) step(dialect, log, shade);
  EXPECT_EQ(eyes_->encoded(), 2);
}

TEST_F(SeeingMind, HoldsEncodedPicturesOnlyWhileTheyAreFed) {
  open(testing::seeing_template, 1);  // a byte: nothing is kept but the latest
  std::vector<Part> parts;
  for (uint8_t shade : {10, 20, 30}) {
    auto image = std::make_shared<Image>(64, 64);
    image->data.assign(image->data.size(), shade);
    parts.push_back({.image = std::move(image)});
  }
  const auto ask = [&](const std::string& system) {
    mind_->reply({.messages = {{Message::Role::system, system}, {Message::Role::user, parts}}, .max_tokens = 1},
                 nullptr, {});
  };
  ask("One.");
  EXPECT_EQ(eyes_->encoded(), 3);
  ask("Another.");
  EXPECT_GE(eyes_->encoded(), 5) << "what was let go is encoded again where it must be fed again";
}

// --- control tokens that are part of what a dialect's models say ---

TEST_F(SeeingMind, SpeaksControlTokensOfItsDialectAndNoOthers) {
  open();
  GrammarBuilder b;
  const Grammar grammar = b.build(b.literal("<|video_pad|>ab<|vision_end|>"));
  MindRequest request{.messages = {{Message::Role::user, "x"}}, .grammar = &grammar, .max_tokens = 100};
  const MindReply spelled = mind_->reply(request, nullptr, {});
  EXPECT_EQ(spelled.text, "<|video_pad|>ab<|vision_end|>");
  EXPECT_EQ(spelled.generated_tokens, 29) << "a byte a token";
  request.control_texts = {"<|video_pad|>", "<|vision_end|>", "<|no such token|>"};
  const MindReply spoken = mind_->reply(request, nullptr, {});
  EXPECT_EQ(spoken.text, spelled.text);
  EXPECT_EQ(spoken.generated_tokens, 4);
  // Told again, they are the same tokens; in other people's words they are not.
  const auto tokens_of = [&](Message::Role role, const std::vector<std::string>& controls) {
    return mind_
        ->reply({.messages = {{Message::Role::user, "x"}, {role, spoken.text}, {Message::Role::user, "y"}},
                 .max_tokens = 1,
                 .control_texts = controls},
                nullptr, {})
        .prompt_tokens;
  };
  EXPECT_EQ(tokens_of(Message::Role::assistant, {}) - tokens_of(Message::Role::assistant, request.control_texts), 25);
  EXPECT_EQ(tokens_of(Message::Role::user, {}), tokens_of(Message::Role::user, request.control_texts));
}

TEST_F(SeeingMind, MayChooseAControlTokenWhereTheGrammarWritesIt) {
  open();
  GrammarBuilder b;
  const Grammar grammar = b.build(b.choice({b.literal("<|video_pad|>"), b.literal("z")}));
  const int32_t id = engine_->tokenizer().find("<|video_pad|>");
  const auto allows = [&](const TokenTrie& trie) {
    TokenMask mask(trie.vocabulary_size());
    GrammarConstraint(grammar, trie).allowed(mask);
    return mask.test(id);
  };
  const std::vector<std::string> controls = {"<|video_pad|>", "<|im_end|>"};
  EXPECT_TRUE(allows(TokenTrie(engine_->tokenizer(), controls)));
  EXPECT_FALSE(allows(engine_->token_trie()));
}

TEST_F(SeeingMind, TheFrameIsWhatTheEyesSee) {
  open();
  TurnLog log({.factor = 7}, &eyes_->encoder());
  const Image screen(300, 100);
  log.look(screen, screen.bounds());
  const ViewSizes sizes = log.sizes();
  const ImageLayout layout = eyes_->encoder().layout(sizes.frame.width, sizes.frame.height);
  EXPECT_EQ(sizes.frame, (Extent{layout.frame_width, layout.frame_height}));
}

}  // namespace
}  // namespace deskhand
