// Masks over the vocabularies of real models: equal to brute force, and fast.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>
#include <random>

#include "core/constraint/automaton.h"
#include "core/constraint/grammar_constraint.h"
#include "core/constraint/json_schema.h"
#include "core/constraint/random_walk.h"
#include "core/model_file.h"
#include "core/tokenizer/tokenizer.h"
#include "tests/support/test_data.h"

namespace deskhand {
namespace {

/// Processor time, so that a busy machine does not change the verdict.
class Stopwatch {
 public:
  double milliseconds() const { return 1000.0 * static_cast<double>(std::clock() - begin_) / CLOCKS_PER_SEC; }

 private:
  std::clock_t begin_ = std::clock();
};

/// Calls over a screen of 300 names, each text at most 70 characters.
Grammar screen_calls() {
  GrammarBuilder b;
  std::vector<std::string> names;
  for (int i = 0; i < 300; ++i)
    names.push_back(fmt::format("{} {} “Größe {}” 保存", i % 7 == 0 ? "Save" : "Open", i * i, i));
  const auto name = b.any_of(names);
  const auto character = b.choice({b.text_character(U"\"\\"), b.literal("\\\""), b.literal("\\\\")});
  const auto text = b.repeat(character, 0, 70);
  std::vector<GrammarBuilder::Expression> calls;
  for (const char* call : {"click", "check", "uncheck"}) {
    calls.push_back(b.sequence({b.literal(fmt::format("{}(\"", call)), name, b.literal("\")\n")}));
  }
  calls.push_back(b.sequence({b.literal("fill(\""), name, b.literal("\", \""), text, b.literal("\")\n")}));
  calls.push_back(b.sequence({b.literal("type(\""), text, b.literal("\")\n")}));
  return b.build(b.sequence({b.repeat(b.choice(calls), 0, 12), b.literal("done(\""), text, b.literal("\")")}));
}

class ConstraintVocabulary : public ::testing::TestWithParam<const char*> {};

TEST_P(ConstraintVocabulary, MasksEqualBruteForce) {
  REQUIRE_TEST_DATA(file, fmt::format("tokenizers/{}", GetParam()));
  const auto model = ModelFile::open(file);
  const auto tokenizer = Tokenizer::from_metadata(model->metadata());
  const Stopwatch watch;
  const TokenTrie trie(*tokenizer);
  const double build_ms = watch.milliseconds();
  RecordProperty("trie_build_ms", fmt::format("{:.1f}", build_ms));
  EXPECT_LT(build_ms, 2000);

  const Grammar json = json_schema_grammar(nlohmann::ordered_json::parse(
      R"({"type": "object", "properties": {"name": {"type": "string", "maxLength": 40}, "n": {"type": "integer"}, "any": {}}})"));
  std::mt19937_64 random(9);
  TokenMask mask(trie.vocabulary_size());
  for (const Grammar& grammar : {screen_calls(), json}) {
    for (int i = 0; i < 12; ++i) {
      const std::string sentence = random_sentence(grammar, random);
      const std::string text = sentence.substr(0, random() % (sentence.size() + 1));
      GrammarConstraint constraint(grammar, trie);
      constraint.accept(text);
      constraint.allowed(mask);
      Automaton automaton(grammar);
      const int32_t state = automaton.run(automaton.start(), text);
      for (int32_t id = 0; id < tokenizer->vocabulary_size(); ++id) {
        const std::string_view bytes = tokenizer->token_bytes(id);
        const bool is_text = !bytes.empty() && !tokenizer->is_control(id) && !tokenizer->is_end(id);
        const bool expected = is_text && automaton.run(state, bytes) != Automaton::dead;
        ASSERT_EQ(mask.test(id), expected) << text << " + " << ::testing::PrintToString(bytes);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, ConstraintVocabulary,
                         ::testing::Values("ggml-vocab-qwen2.gguf", "ggml-vocab-llama-spm.gguf"));

/// Milliseconds: the first mask of a state, its repetition, and the mask after each further character of a text.
TEST(ConstraintVocabularySpeed, MasksOf151kTokens) {
  REQUIRE_TEST_DATA(file, "tokenizers/ggml-vocab-qwen2.gguf");
  const auto model = ModelFile::open(file);
  const auto tokenizer = Tokenizer::from_metadata(model->metadata());
  const TokenTrie trie(*tokenizer);
  TokenMask mask(trie.vocabulary_size());
  const auto timed = [&](const Constraint& constraint) {
    const Stopwatch watch;
    constraint.allowed(mask);
    return watch.milliseconds();
  };
  const Stopwatch watch;
  GrammarConstraint script(screen_calls(), trie);
  RecordProperty("script_build_ms", fmt::format("{:.2f}", watch.milliseconds()));
  RecordProperty("script_start_ms", fmt::format("{:.2f}", timed(script)));
  script.accept("click(\"");
  RecordProperty("script_name_ms", fmt::format("{:.2f}", timed(script)));
  script.accept("Save 0 “Größe 0” 保存\")\ntype(\"");
  double first = timed(script), worst = 0, sum = 0;
  for (int i = 0; i < 60; ++i) {
    script.accept("x");
    const double ms = timed(script);
    worst = std::max(worst, ms);
    sum += ms;
  }
  RecordProperty("script_text_first_ms", fmt::format("{:.2f}", first));
  RecordProperty("script_text_mean_ms", fmt::format("{:.2f}", sum / 60));
  EXPECT_LT(sum / 60, 50);
  EXPECT_LT(worst, 500);

  GrammarConstraint json(json_grammar(), trie);
  json.accept("{\"key\": \"");
  first = timed(json);
  json.accept("some text");
  const double again = timed(json);
  RecordProperty("json_string_first_ms", fmt::format("{:.2f}", first));
  RecordProperty("json_string_again_ms", fmt::format("{:.3f}", again));
  EXPECT_LT(first, 500);
  EXPECT_LT(again, 10);
}

}  // namespace
}  // namespace deskhand
