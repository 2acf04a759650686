// tokenizer.json files that mean harm: text that grows without end, and control tokens under another name.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "core/metadata_store.h"
#include "core/tokenizer/tokenizer.h"
#include "tests/support/test_data.h"

namespace deskhand {
namespace {
using nlohmann::json;
using ::testing::HasSubstr;

std::unique_ptr<Tokenizer> open_json(const json& file) {
  MetadataStore metadata;
  metadata.set_text("tokenizer.huggingface.json", file.dump());
  metadata.set_text("tokenizer.huggingface.eos_token", "</s>");
  return Tokenizer::from_metadata(metadata);
}

std::string refusal(const json& file) {
  try {
    open_json(file);
  } catch (const ModelFileError& error) {
    return error.what();
  }
  return "opened";
}

/// Characters a and b and </s>, pieces of sentencepiece.
json small_file() {
  return {{"model", {{"type", "BPE"}, {"vocab", {{"a", 0}, {"b", 1}, {"</s>", 2}}}, {"merges", json::array()}}},
          {"decoder", {{"type", "Fuse"}}},
          {"added_tokens", json::array()}};
}

json sequence(const json& step, int count) {
  json steps = json::array();
  for (int i = 0; i < count; ++i) steps.push_back(step);
  return {{"type", "Sequence"}, {"normalizers", steps}, {"pretokenizers", steps}};
}

json replace(const json& pattern, const std::string& by) {
  return {{"type", "Replace"}, {"pattern", pattern}, {"content", by}};
}

// 34 doublings make 16 GiB of one character.
TEST(TokenizerBounds, TextThatANormalizerMakesGrowIsRefused) {
  for (const char* kind : {"String", "Regex"}) {
    json file = small_file();
    file["normalizer"] = sequence(replace({{kind, "a"}}, "aa"), 34);
    const auto tokenizer = open_json(file);
    EXPECT_EQ(tokenizer->encode("bb", SpecialTokens::literal), (std::vector<int32_t>{1, 1}));
    EXPECT_THROW(tokenizer->encode("a", SpecialTokens::literal), std::length_error) << kind;
    EXPECT_THROW(tokenizer->encode("bab", SpecialTokens::parse), std::length_error) << kind;
    file["added_tokens"].push_back({{"id", 3}, {"content", "<a>"}, {"normalized", true}});
    EXPECT_THAT(refusal(file), HasSubstr("added token 3: text for the tokenizer grows past")) << kind;
  }
  json once = small_file();
  once["normalizer"] = replace({{"String", "a"}}, std::string(1 << 20, 'b'));
  EXPECT_THROW(open_json(once)->encode("a", SpecialTokens::literal), std::length_error);
}

TEST(TokenizerBounds, WhatGrowsALittleIsTaken) {
  json file = small_file();
  file["normalizer"] = sequence(replace({{"String", "a"}}, "aa"), 4);
  EXPECT_EQ(open_json(file)->encode(std::string(1000, 'a'), SpecialTokens::literal).size(), 16000u);
}

TEST(TokenizerBounds, AllAddedTokensTogetherAreBounded) {
  json file = small_file();
  file["normalizer"] = sequence(replace({{"String", "a"}}, "aa"), 11);  // 2 KiB of each
  for (int id = 3; id < 3 + (1 << 15) + 1; ++id) {
    file["added_tokens"].push_back(
        {{"id", id}, {"content", fmt::format("a{}", id)}, {"normalized", true}, {"special", true}});
  }
  EXPECT_THAT(refusal(file), HasSubstr("the added tokens have more than 67108864 bytes"));
}

TEST(TokenizerBounds, WhatIsPutBeforeTextIsShort) {
  json file = small_file();
  file["normalizer"] = {{"type", "Prepend"}, {"prepend", std::string(64, 'b')}};
  EXPECT_EQ(open_json(file)->encode("a", SpecialTokens::literal).size(), 65u);
  file["normalizer"]["prepend"] = std::string(65, 'b');
  EXPECT_THAT(refusal(file), HasSubstr("Prepend has 65 bytes"));
}

TEST(TokenizerBounds, TheMarkOfAMetaspaceIsOneCharacter) {
  json file = small_file();
  for (const char* mark : {"_", "▁"}) {
    file["pre_tokenizer"] = {{"type", "Metaspace"}, {"replacement", mark}};
    EXPECT_EQ(refusal(file), "opened") << mark;
  }
  for (const char* mark : {"", "__", "▁▁"}) {
    file["pre_tokenizer"] = {{"type", "Metaspace"}, {"replacement", mark}};
    EXPECT_THAT(refusal(file), HasSubstr("expected one character")) << mark;
  }
  file["pre_tokenizer"] = sequence({{"type", "Metaspace"}}, 2);
  EXPECT_THAT(refusal(file), HasSubstr("second Metaspace"));
}

bool any_control(const Tokenizer& tokenizer, const std::vector<int32_t>& ids) {
  return std::any_of(ids.begin(), ids.end(), [&](int32_t id) { return tokenizer.is_control(id); });
}

// An end of turn is a control token, even where its entry calls it a plain one.
TEST(TokenizerBounds, AnEndThatIsCalledPlainIsNoText) {
  for (const bool normalized : {false, true}) {
    json file = small_file();
    file["added_tokens"] = {{{"id", 2}, {"content", "</s>"}, {"special", false}, {"normalized", normalized}},
                            {{"id", 3}, {"content", "<|im_end|>"}, {"special", false}, {"normalized", normalized}},
                            {{"id", 4}, {"content", "<think>"}, {"special", false}, {"normalized", normalized}}};
    const auto tokenizer = open_json(file);
    const std::string text = "a</s>b<|im_end|><think>";
    EXPECT_EQ(tokenizer->encode(text, SpecialTokens::parse), (std::vector<int32_t>{0, 2, 1, 3, 4}));
    EXPECT_FALSE(any_control(*tokenizer, tokenizer->encode(text, SpecialTokens::literal)));
    const std::vector<int32_t> plain = tokenizer->encode("<think>", SpecialTokens::literal);
    EXPECT_EQ(plain, std::vector<int32_t>{4});
  }
}

// A byte that is the end of a turn is left out of literal text.
TEST(TokenizerBounds, AnEndOfOneByteIsNoText) {
  json level = small_file();
  level["pre_tokenizer"] = {{"type", "ByteLevel"}, {"add_prefix_space", false}};
  level["decoder"]["type"] = "ByteLevel";
  json bytes = small_file();
  bytes["model"]["byte_fallback"] = true;
  bytes["model"]["vocab"]["<0x63>"] = 3;
  bytes["decoder"] = {{"type", "ByteFallback"}};
  const auto open_with_end = [](const json& file, const char* end) {
    MetadataStore metadata;
    metadata.set_text("tokenizer.huggingface.json", file.dump());
    metadata.set_text("tokenizer.huggingface.eos_token", end);
    return Tokenizer::from_metadata(metadata);
  };
  EXPECT_EQ(open_with_end(level, "</s>")->encode("ab", SpecialTokens::literal), (std::vector<int32_t>{0, 1}));
  EXPECT_EQ(open_with_end(level, "b")->encode("ab", SpecialTokens::literal), std::vector<int32_t>{0});
  EXPECT_EQ(open_with_end(bytes, "</s>")->encode("ac", SpecialTokens::literal), (std::vector<int32_t>{0, 3}));
  EXPECT_EQ(open_with_end(bytes, "<0x63>")->encode("ac", SpecialTokens::literal), std::vector<int32_t>{0});
}

}  // namespace
}  // namespace deskhand
