// tokenizer.json files: small ones of every kind against the Hugging Face tokenizers (tests/reference/
// tokenizers_small.py), and what is refused.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/metadata_store.h"
#include "core/prompt.h"
#include "core/tokenizer/tokenizer.h"
#include "tests/support/test_data.h"

namespace deskhand {
namespace {
namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;

const fs::path fixtures = "tests/core/fixtures/tokenizers";

std::unique_ptr<Tokenizer> open_json(const std::string& text) {
  MetadataStore metadata;
  metadata.set_text("tokenizer.huggingface.json", text);
  metadata.set_text("tokenizer.huggingface.eos_token", "</s>");
  return Tokenizer::from_metadata(metadata);
}

class TokenizerJsonFiles : public ::testing::TestWithParam<const char*> {};

TEST_P(TokenizerJsonFiles, GiveTheIdsAndTextsOfTheHuggingFaceTokenizers) {
  const std::string name = GetParam();
  const auto tokenizer = open_json(testing::read_file(fixtures / (name + ".json")));
  const json cases = json::parse(testing::read_file(fixtures / "cases.json"));
  ASSERT_GT(cases[name].size(), 20u);
  for (const json& c : cases[name]) {
    const std::string text = c["text"];
    const std::vector<int32_t> parsed = c["parsed"], literal = c["literal"];
    EXPECT_EQ(tokenizer->encode(text, SpecialTokens::parse), parsed) << text;
    // The unigram model of the original finds control tokens in text that is meant literally; here it never does.
    const bool spells_control = std::any_of(literal.begin(), literal.end(), [&](int32_t id) {
      return tokenizer->is_control(id) && text.find(tokenizer->token_text(id)) != std::string::npos;
    });
    if (!name.starts_with("unigram") || !spells_control) {
      EXPECT_EQ(tokenizer->encode(text, SpecialTokens::literal), literal) << text;
    }
    // The original drops all spaces of a first Metaspace token, and spells a normalized added token "▁here".
    if (name == "llama2" && text.find("here") != std::string::npos) continue;
    const std::string decoded = tokenizer->decode(literal, true), expected = c["decoded"];
    const auto trimmed = [&](const std::string& t) { return t.substr(std::min(t.find_first_not_of(' '), t.size())); };
    EXPECT_EQ(name == "metaspace_bpe" ? trimmed(decoded) : decoded,
              name == "metaspace_bpe" ? trimmed(expected) : expected)
        << text;
  }
}

INSTANTIATE_TEST_SUITE_P(All, TokenizerJsonFiles,
                         ::testing::Values("qwen2", "llama3", "smollm", "gpt2_prefix", "gemma", "llama2",
                                           "metaspace_bpe", "unigram", "unigram_bytes"));

TEST(TokenizerJson, SpecialTokensAreKnown) {
  const auto llama = open_json(testing::read_file(fixtures / "llama3.json"));
  EXPECT_TRUE(llama->adds_bos());
  EXPECT_EQ(llama->token_text(llama->bos()), "<s>");
  EXPECT_TRUE(llama->is_end(llama->find("</s>")));
  EXPECT_TRUE(llama->is_end(llama->find("<|im_end|>")));
  EXPECT_TRUE(llama->is_control(llama->find("<|im_start|>")));
  EXPECT_TRUE(llama->is_user_defined(llama->find("<tool_call>")));
  EXPECT_FALSE(open_json(testing::read_file(fixtures / "qwen2.json"))->adds_bos());
}

// What a page says never becomes a control token, broken or whole.
TEST(TokenizerJson, UntrustedTextStaysText) {
  for (const char* name : {"qwen2", "gemma", "llama2", "unigram"}) {
    const auto tokenizer = open_json(testing::read_file(fixtures / (std::string(name) + ".json")));
    for (const std::string text : {"<|im_end|>", "a <s></s> b", "<|im_<|im_end|>end|>", "\xff<s>\xc3"}) {
      const std::string safe = defuse(*tokenizer, text);
      for (const int32_t id : tokenizer->encode(safe, SpecialTokens::parse)) {
        EXPECT_TRUE(!tokenizer->is_control(id) || tokenizer->token_text(id) == "<unk>") << name << ": " << text;
      }
    }
  }
}

TEST(TokenizerJson, WhatIsNotSupportedIsNamed) {
  const auto with = [](const std::string& name, const json& patch) -> std::string {
    json file = json::parse(testing::read_file(fixtures / (name + ".json")));
    file.merge_patch(patch);
    try {
      open_json(file.dump());
    } catch (const ModelFileError& error) {
      return error.what();
    }
    return "opened";
  };
  EXPECT_EQ(with("qwen2", json::object()), "opened");
  EXPECT_THAT(with("qwen2", {{"normalizer", {{"type", "BertNormalizer"}}}}), HasSubstr("'BertNormalizer'"));
  EXPECT_THAT(with("qwen2", {{"pre_tokenizer", {{"type", "Whitespace"}}}}), HasSubstr("'Whitespace'"));
  EXPECT_THAT(with("gemma", {{"pre_tokenizer", {{"type", "BertPreTokenizer"}}}}), HasSubstr("'BertPreTokenizer'"));
  EXPECT_THAT(with("gemma", {{"pre_tokenizer", {{"pattern", {{"Regex", "("}, {"String", nullptr}}}}}}),
              HasSubstr("expression '('"));
  EXPECT_THAT(with("gemma", {{"pre_tokenizer", {{"pattern", {{"Regex", "[a&&b]"}, {"String", nullptr}}}}}}),
              HasSubstr("not supported"));
  EXPECT_THAT(with("qwen2", {{"model", {{"type", "WordPiece"}}}}), HasSubstr("'WordPiece'"));
  EXPECT_THAT(with("qwen2", {{"model", {{"dropout", 0.1}}}}), HasSubstr("'dropout'"));
  EXPECT_THAT(with("qwen2", {{"model", {{"end_of_word_suffix", "</w>"}}}}), HasSubstr("'end_of_word_suffix'"));
  EXPECT_THAT(with("qwen2", {{"decoder", {{"type", "WordPiece"}}}}), HasSubstr("'WordPiece'"));
  EXPECT_THAT(with("qwen2", {{"decoder", nullptr}}), HasSubstr("'decoder' is missing"));
  EXPECT_THAT(with("qwen2", {{"post_processor", {{"type", "RobertaProcessing"}}}}), HasSubstr("'RobertaProcessing'"));
  EXPECT_THAT(with("unigram", {{"normalizer", {{"type", "Precompiled"}}}}), HasSubstr("'Precompiled'"));
}

TEST(TokenizerJson, MalformedFilesAreRefused) {
  for (const char* text : {"", "[]", "{", "{}", "null", R"({"model":{}})", R"({"model":3})", R"({"model":-1e999})",
                           R"({"model":{"type":"BPE","vocab":{}},"decoder":{"type":"Fuse"}})"}) {
    EXPECT_THROW(open_json(text), ModelFileError) << text;
  }
  const auto with = [](const json& vocab, const json& merges, const json& added) -> std::string {
    const json file = {{"model", {{"type", "BPE"}, {"vocab", vocab}, {"merges", merges}}},
                       {"decoder", {{"type", "Fuse"}}},
                       {"added_tokens", added}};
    try {
      open_json(file.dump());
    } catch (const ModelFileError& error) {
      return error.what();
    }
    return "opened";
  };
  const json none = json::array(), ab = {{"a", 0}, {"b", 1}, {"ab", 2}};
  EXPECT_EQ(with(ab, json::array({"a b"}), none), "opened");
  EXPECT_EQ(with(ab, json::array({json::array({"a", "b"})}), json::array({{{"id", 7}, {"content", "<x>"}}})), "opened");
  EXPECT_THAT(with({{"a", 0}, {"b", 0}}, none, none), HasSubstr("given twice"));
  EXPECT_THAT(with({{"a", -1}}, none, none), HasSubstr("no proper id"));
  EXPECT_THAT(with({{"a", 1u << 31}}, none, none), HasSubstr("no proper id"));
  EXPECT_THAT(with({{"a", 12000000}}, none, none), HasSubstr("has the id"));
  EXPECT_THAT(with({{"a", 0.5}}, none, none), HasSubstr("no proper id"));
  EXPECT_THAT(with(ab, json::array({"a c"}), none), HasSubstr("expected two tokens"));
  EXPECT_THAT(with(ab, json::array({"ab"}), none), HasSubstr("expected two tokens"));
  EXPECT_THAT(with(ab, json::array({3}), none), HasSubstr("expected two tokens"));
  EXPECT_THAT(with(ab, json::array({"b a"}), none), HasSubstr("expected two tokens"));
  EXPECT_THAT(with(ab, none, json::array({{{"id", 0}, {"content", "<x>"}}})), HasSubstr("given twice"));
  EXPECT_THAT(with(ab, none, json::array({{{"id", 9}, {"content", "a"}}})), HasSubstr("given twice"));
  EXPECT_THAT(with(ab, none, json::array({{{"id", 9}}})), HasSubstr("no content"));
  EXPECT_THAT(with(ab, none, json::array({{{"id", 9}, {"content", "x"}, {"single_word", true}}})),
              HasSubstr("single word"));
}

}  // namespace
}  // namespace deskhand
