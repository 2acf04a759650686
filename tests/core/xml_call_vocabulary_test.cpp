// XML calls over the vocabularies of real models: tokens straddle the delimiters.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>
#include <unordered_map>

#include "core/constraint/automaton.h"
#include "core/constraint/grammar_constraint.h"
#include "core/constraint/random_walk.h"
#include "core/constraint/xml_call.h"
#include "core/model_file.h"
#include "core/tokenizer/tokenizer.h"
#include "tests/support/test_data.h"

namespace deskhand {
namespace {

using Json = nlohmann::ordered_json;

std::vector<CallableTool> tools() {
  return {{"computer_use", Json::parse(R"({"required": ["action", "text"], "properties": {
              "action": {"enum": ["left_click", "type"]}, "text": {"type": "string"},
              "coordinate": {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2}}})")},
          {"wait", Json::parse(R"({"properties": {"time": {"type": "number"}}})")}};
}

const std::string opened =
    "<tool_call>\n<function=computer_use>\n<parameter=action>\ntype\n</parameter>\n<parameter=text>\n";

class XmlCallVocabulary : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    REQUIRE_TEST_DATA(data, "");
    std::filesystem::path path = data / GetParam();
    if (!std::filesystem::exists(path)) {
      const auto models = testing::test_models_folder();
      if (!models || !std::filesystem::exists(*models / GetParam())) GTEST_SKIP() << GetParam() << " is not here";
      path = *models / GetParam();
    }
    file_ = ModelFile::open(path);
    tokenizer_ = Tokenizer::from_metadata(file_->metadata());
    trie_ = std::make_unique<TokenTrie>(*tokenizer_);
    for (int32_t id = 0; id < tokenizer_->vocabulary_size(); ++id) {
      if (is_text(id)) by_bytes_[tokenizer_->token_bytes(id)].push_back(id);
    }
  }

  bool is_text(int32_t id) const {
    return !tokenizer_->token_bytes(id).empty() && !tokenizer_->is_control(id) && !tokenizer_->is_end(id);
  }
  /// The ids with which the text can begin.
  std::vector<int32_t> beginnings(std::string_view text) const {
    std::vector<int32_t> ids;
    for (size_t length = 1; length <= std::min(text.size(), trie_->longest_token()); ++length) {
      const auto found = by_bytes_.find(text.substr(0, length));
      if (found != by_bytes_.end()) ids.insert(ids.end(), found->second.begin(), found->second.end());
    }
    return ids;
  }

  std::shared_ptr<const ModelFile> file_;
  std::unique_ptr<Tokenizer> tokenizer_;
  std::unique_ptr<TokenTrie> trie_;
  std::unordered_map<std::string_view, std::vector<int32_t>> by_bytes_;
};

TEST_P(XmlCallVocabulary, MasksEqualBruteForceAroundTheDelimiters) {
  const Grammar grammar = XmlCalls(tools(), {.max_calls = 2}).grammar();
  TokenMask mask(trie_->vocabulary_size());
  size_t across = 0;  // tokens that end a value and go on
  for (const std::string& text :
       {std::string(), opened.substr(0, 11), opened, opened + "a", opened + "a\n", opened + "a\n\n", opened + "a\n<",
        opened + "a\n</", opened + "a\n</p", opened + "a\n</parameter", opened + "a\n</parameter>",
        opened + "a\n</parameter>\n", opened + "a\n</parameter>\n</",
        opened + "a\n</parameter>\n</function>\n</tool_call>"}) {
    GrammarConstraint constraint(grammar, *trie_);
    constraint.accept(text);
    constraint.allowed(mask);
    Automaton automaton(grammar);
    const int32_t state = automaton.run(automaton.start(), text);
    for (int32_t id = 0; id < tokenizer_->vocabulary_size(); ++id) {
      const std::string_view bytes = tokenizer_->token_bytes(id);
      const bool expected = is_text(id) && automaton.run(state, bytes) != Automaton::dead;
      ASSERT_EQ(mask.test(id), expected) << text << " + " << ::testing::PrintToString(bytes);
      across += expected && text.ends_with("</parameter") && bytes.size() > 1 ? 1 : 0;
    }
  }
  EXPECT_GT(across, 0u);
}

TEST_P(XmlCallVocabulary, TheDelimiterEndsTheTextInWhateverTokens) {
  GrammarConstraint constraint(XmlCalls(tools()).grammar(), *trie_);
  constraint.accept(opened + "a\n</parameter");
  TokenMask mask(trie_->vocabulary_size());
  constraint.allowed(mask);
  const auto allowed = [&](std::string_view bytes) {
    int allowed_ids = -1;
    for (int32_t id = 0; id < tokenizer_->vocabulary_size(); ++id) {
      if (is_text(id) && tokenizer_->token_bytes(id) == bytes)
        allowed_ids = std::max(allowed_ids, mask.test(id) ? 1 : 0);
    }
    return allowed_ids;  // −1: there is no such token
  };
  EXPECT_EQ(allowed(">"), 1);
  EXPECT_EQ(allowed(">\n"), 1);
  EXPECT_EQ(allowed(">\n\n"), 0);
  EXPECT_EQ(allowed("><"), 0);
  EXPECT_EQ(allowed("s"), 1);  // "</parameters" is text
}

// Every way to cut a text of the grammar into tokens is let through, the tokenizer's own among them.
TEST_P(XmlCallVocabulary, EveryTokenisationIsAllowed) {
  const Grammar grammar = XmlCalls(tools(), {.max_calls = 2}).grammar();
  std::mt19937_64 random(2);
  TokenMask mask(trie_->vocabulary_size());
  size_t straddling = 0;
  const std::string delimiter = "\n</parameter>";
  for (int i = 0; i < 20; ++i) {
    const std::string text = random_sentence(grammar, random, {.more_rounds = 8, .budget = 150});
    GrammarConstraint constraint(grammar, *trie_);
    for (const int32_t id : tokenizer_->encode(text, SpecialTokens::literal)) {
      constraint.allowed(mask);
      ASSERT_TRUE(mask.test(id)) << text << " + " << tokenizer_->token_text(id);
      constraint.accept(tokenizer_->token_bytes(id));
    }
    EXPECT_TRUE(constraint.may_end()) << text;
    GrammarConstraint other(grammar, *trie_);
    for (size_t at = 0; at < text.size();) {
      const std::vector<int32_t> ids = beginnings(std::string_view(text).substr(at));
      ASSERT_FALSE(ids.empty());
      other.allowed(mask);
      for (const int32_t id : ids) ASSERT_TRUE(mask.test(id)) << text << " + " << tokenizer_->token_text(id);
      const std::string_view bytes = tokenizer_->token_bytes(ids[random() % ids.size()]);
      other.accept(bytes);
      at += bytes.size();
      const size_t end =
          text.find(delimiter, at < bytes.size() + delimiter.size() ? 0 : at - bytes.size() - delimiter.size());
      straddling +=
          end != std::string::npos && end + delimiter.size() > at - bytes.size() && end + delimiter.size() < at ? 1 : 0;
    }
    EXPECT_TRUE(other.may_end()) << text;
  }
  EXPECT_GT(straddling, 5u);
}

INSTANTIATE_TEST_SUITE_P(Models, XmlCallVocabulary,
                         ::testing::Values("tokenizers/ggml-vocab-qwen2.gguf", "qwen2.5-coder-0.5b.gguf"),
                         [](const auto& model) { return model.index == 0 ? "Qwen2" : "Qwen25Coder"; });

}  // namespace
}  // namespace deskhand
