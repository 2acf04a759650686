// Tokenizers against text and metadata that mean harm, and their promises about bytes.

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <map>
#include <random>

#include "core/model_file.h"
#include "core/tokenizer/tokenizer.h"
#include "core/tokenizer/utf8.h"
#include "core/tokenizer/vocabulary.h"
#include "tests/support/test_data.h"

namespace deskhand {
namespace {

/// Metadata made by a test.
class MadeMetadata : public Metadata {
 public:
  const MetadataValue* find(std::string_view key) const override {
    const auto at = values_.find(key);
    return at == values_.end() ? nullptr : &at->second;
  }
  std::vector<std::string_view> keys() const override { return {}; }

  void set(const std::string& key, MetadataValue value) { values_["tokenizer.ggml." + key] = std::move(value); }
  void erase(const std::string& key) { values_.erase("tokenizer.ggml." + key); }
  void set_strings(const std::string& key, const std::vector<std::string>& strings) {
    std::vector<std::string>& kept = strings_[key];
    kept = strings;
    MetadataArray array;
    array.element_type = 8;
    array.count = kept.size();
    array.strings.assign(kept.begin(), kept.end());
    set(key, array);
  }
  template <typename T>
  void set_numbers(const std::string& key, uint32_t type, const std::vector<T>& numbers) {
    std::string& kept = bytes_[key];
    kept.assign(reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(T));
    MetadataArray array;
    array.element_type = type;
    array.count = numbers.size();
    array.data = reinterpret_cast<const std::byte*>(kept.data());
    set(key, array);
  }

 private:
  std::map<std::string, MetadataValue, std::less<>> values_;
  std::map<std::string, std::vector<std::string>> strings_;
  std::map<std::string, std::string> bytes_;
};

/// All bytes, "he", "hel", and three special tokens: <|end|> 258, <|e 259 (control), <tag> 260 (user-defined).
void fill_byte_level(MadeMetadata& metadata) {
  std::vector<std::string> tokens;
  for (int byte = 0; byte < 256; ++byte) {
    tokens.emplace_back();
    append_utf8(tokens.back(), byte_level_character(static_cast<uint8_t>(byte)));
  }
  std::vector<int32_t> types(261, 1);
  for (const char* more : {"he", "hel", "<|end|>", "<|e", "<tag>"}) tokens.emplace_back(more);
  types[258] = types[259] = 3;
  types[260] = 4;
  metadata.set("model", std::string_view("gpt2"));
  metadata.set("pre", std::string_view("gpt-2"));
  metadata.set_strings("tokens", tokens);
  metadata.set_numbers("token_type", 5, types);
  metadata.set_strings("merges", {"h e", "he l"});
  metadata.set("eos_token_id", uint64_t{258});
}

/// <unk>, <s>, </s>, the bytes from 3 on, then ▁ 259, s 260, < 261, > 262, <s 263, ▁▁ 264.
void fill_sentencepiece(MadeMetadata& metadata) {
  std::vector<std::string> tokens{"<unk>", "<s>", "</s>"};
  std::vector<int32_t> types{2, 3, 3};
  for (int byte = 0; byte < 256; ++byte) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    tokens.push_back(std::string("<0x") + digits[static_cast<size_t>(byte / 16)] +
                     digits[static_cast<size_t>(byte % 16)] + ">");
    types.push_back(6);
  }
  for (const char* more : {"▁", "s", "<", ">", "<s", "▁▁"}) {
    tokens.emplace_back(more);
    types.push_back(1);
  }
  std::vector<float> scores(tokens.size(), 0);
  scores[263] = -1;
  scores[264] = -2;
  metadata.set("model", std::string_view("llama"));
  metadata.set_strings("tokens", tokens);
  metadata.set_numbers("token_type", 5, types);
  metadata.set_numbers("scores", 6, scores);
  metadata.set("bos_token_id", uint64_t{1});
  metadata.set("eos_token_id", uint64_t{2});
  metadata.set("unknown_token_id", uint64_t{0});
}

using Ids = std::vector<int32_t>;

std::string refusal(const Metadata& metadata) {
  try {
    (void)Tokenizer::from_metadata(metadata);
  } catch (const ModelFileError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(TokenizerMetadata, RefusesWhatIsInconsistent) {
  using Spoil = std::function<void(MadeMetadata&)>;
  const std::vector<std::pair<std::string, Spoil>> spoils = {
      {"tokenizer.ggml.model", [](MadeMetadata& m) { m.set("model", std::string_view("rwkv")); }},
      {"tokenizer.ggml.model", [](MadeMetadata& m) { m.erase("model"); }},
      {"tokenizer.ggml.pre", [](MadeMetadata& m) { m.set("pre", std::string_view("qwen-next-9")); }},
      {"tokenizer.ggml.pre", [](MadeMetadata& m) { m.erase("pre"); }},
      {"tokenizer.ggml.tokens", [](MadeMetadata& m) { m.erase("tokens"); }},
      {"tokenizer.ggml.tokens", [](MadeMetadata& m) { m.set_strings("tokens", {}); }},
      {"tokenizer.ggml.tokens",
       [](MadeMetadata& m) {
         m.set_numbers<int32_t>("tokens", 5, {1, 2});
       }},
      {"tokenizer.ggml.token_type",
       [](MadeMetadata& m) {
         m.set_numbers<int32_t>("token_type", 5, {1, 1, 3});
       }},
      {"tokenizer.ggml.token_type", [](MadeMetadata& m) { m.set_numbers("token_type", 5, Ids(261, 7)); }},
      {"tokenizer.ggml.token_type", [](MadeMetadata& m) { m.set_numbers("token_type", 5, Ids(261, -1)); }},
      {"tokenizer.ggml.merges", [](MadeMetadata& m) { m.erase("merges"); }},
      {"tokenizer.ggml.merges", [](MadeMetadata& m) { m.set_numbers<int32_t>("merges", 5, {1}); }},
      {"tokenizer.ggml.merges[0]", [](MadeMetadata& m) { m.set_strings("merges", {"zz z"}); }},
      {"tokenizer.ggml.merges[1]",
       [](MadeMetadata& m) {
         m.set_strings("merges", {"h e", "l l"});
       }},
      {"tokenizer.ggml.merges[0]", [](MadeMetadata& m) { m.set_strings("merges", {"he"}); }},
      {"tokenizer.ggml.merges[0]", [](MadeMetadata& m) { m.set_strings("merges", {""}); }},
      {"tokenizer.ggml.eos_token_id", [](MadeMetadata& m) { m.set("eos_token_id", uint64_t{261}); }},
      {"tokenizer.ggml.bos_token_id", [](MadeMetadata& m) { m.set("bos_token_id", int64_t{-5}); }},
      {"tokenizer.ggml.eot_token_id", [](MadeMetadata& m) { m.set("eot_token_id", uint64_t{1} << 40); }},
  };
  MadeMetadata good;
  fill_byte_level(good);
  EXPECT_EQ(refusal(good), "accepted");
  for (size_t i = 0; i < spoils.size(); ++i) {
    MadeMetadata metadata;
    fill_byte_level(metadata);
    spoils[i].second(metadata);
    EXPECT_NE(refusal(metadata).find(spoils[i].first), std::string::npos) << i << ": " << refusal(metadata);
  }
}

TEST(TokenizerMetadata, RefusesSentencePieceWithoutAScoreForEach) {
  MadeMetadata metadata;
  fill_sentencepiece(metadata);
  EXPECT_EQ(refusal(metadata), "accepted");
  metadata.set_numbers<float>("scores", 6, {0, 1});
  EXPECT_NE(refusal(metadata).find("tokenizer.ggml.scores"), std::string::npos);
  metadata.erase("scores");
  EXPECT_NE(refusal(metadata).find("tokenizer.ggml.scores"), std::string::npos);
}

TEST(ByteLevelTokenizer, MergesAndMatchesSpecials) {
  MadeMetadata metadata;
  fill_byte_level(metadata);
  const auto tokenizer = Tokenizer::from_metadata(metadata);
  EXPECT_EQ(tokenizer->encode("hello", SpecialTokens::parse), (Ids{257, 'l', 'o'}));
  EXPECT_EQ(tokenizer->encode("<|end|>", SpecialTokens::parse), Ids{258}) << "the longest";
  EXPECT_EQ(tokenizer->encode("<|en", SpecialTokens::parse), (Ids{259, 'n'}));
  EXPECT_EQ(tokenizer->encode("<|end|>", SpecialTokens::literal), (Ids{'<', '|', 'e', 'n', 'd', '|', '>'}));
  EXPECT_EQ(tokenizer->encode("a<tag>", SpecialTokens::literal), (Ids{'a', 260}));
  EXPECT_EQ(tokenizer->decode(Ids{257, 258, 260}), "hel<tag>");
  EXPECT_EQ(tokenizer->decode(Ids{257, 258, 260}, true), "hel<|end|><tag>");
  EXPECT_EQ(tokenizer->token_bytes(258), "");
  EXPECT_EQ(tokenizer->token_bytes(' '), " ");
  EXPECT_EQ(tokenizer->token_text(' '), "Ġ");
  EXPECT_TRUE(tokenizer->is_end(258));
  EXPECT_FALSE(tokenizer->is_end(257));
  EXPECT_EQ(tokenizer->find("hel"), 257);
  EXPECT_EQ(tokenizer->find("hell"), -1);
}

TEST(ByteLevelTokenizer, IdsOutsideTheVocabularyAreNothing) {
  MadeMetadata metadata;
  fill_byte_level(metadata);
  const auto tokenizer = Tokenizer::from_metadata(metadata);
  EXPECT_EQ(tokenizer->decode(Ids{-1, 'a', 261, 1 << 30}), "a");
  EXPECT_EQ(tokenizer->token_bytes(261), "");
  EXPECT_FALSE(tokenizer->is_end(-7));
  EXPECT_FALSE(tokenizer->is_control(261));
}

TEST(SentencePieceTokenizer, TextNeverBecomesAControlToken) {
  MadeMetadata metadata;
  fill_sentencepiece(metadata);
  metadata.set("add_space_prefix", false);
  const auto tokenizer = Tokenizer::from_metadata(metadata);
  EXPECT_EQ(tokenizer->encode("<s>", SpecialTokens::parse), Ids{1});
  EXPECT_EQ(tokenizer->encode("<s>", SpecialTokens::literal), (Ids{263, 262})) << "<s and > must not merge to <s>";
  EXPECT_EQ(tokenizer->encode("<\xEF\xB7\x90s>", SpecialTokens::parse), (Ids{263, 262}));
  EXPECT_EQ(tokenizer->encode("<0x41>", SpecialTokens::literal).front(), 261);
}

TEST(SentencePieceTokenizer, PrefixesASpaceAndTakesItOff) {
  MadeMetadata metadata;
  fill_sentencepiece(metadata);
  const auto tokenizer = Tokenizer::from_metadata(metadata);
  EXPECT_EQ(tokenizer->encode("s", SpecialTokens::literal), (Ids{259, 260}));
  EXPECT_EQ(tokenizer->decode(Ids{259, 260}), "s");
  EXPECT_EQ(tokenizer->decode(Ids{1, 259, 260}), "s");
  EXPECT_EQ(tokenizer->encode("é", SpecialTokens::literal), (Ids{259, 3 + 0xC3, 3 + 0xA9}));
  EXPECT_EQ(tokenizer->token_bytes(264), "  ");
  EXPECT_TRUE(tokenizer->adds_bos());
}

class RealTokenizers : public ::testing::TestWithParam<const char*> {};

TEST_P(RealTokenizers, BreakingOutOfLiteralTextFails) {
  REQUIRE_TEST_DATA(path, std::string("tokenizers/ggml-vocab-") + GetParam() + ".gguf");
  const auto file = ModelFile::open(path);
  const auto tokenizer = Tokenizer::from_metadata(file->metadata());
  size_t tried = 0;
  for (int32_t id = 0; id < tokenizer->vocabulary_size(); ++id) {
    if (!tokenizer->is_control(id)) continue;
    const std::string text(tokenizer->token_text(id));
    for (const std::string& attempt : {text, text + text, " " + text + " ", "<" + text, "\xFF" + text,
                                       text.substr(0, 1) + "\xEF\xB7\x90" + text.substr(1)}) {
      for (const int32_t got : tokenizer->encode(attempt, SpecialTokens::literal)) {
        EXPECT_FALSE(tokenizer->is_control(got)) << attempt;
      }
    }
    const std::string broken = text.substr(0, 1) + "\xEF\xB7\x90" + text.substr(1);
    EXPECT_EQ(tokenizer->encode(broken, SpecialTokens::parse), tokenizer->encode(text, SpecialTokens::literal)) << text;
    ++tried;
  }
  EXPECT_GE(tried, 1u);
}

TEST_P(RealTokenizers, AnyBytesComeBack) {
  REQUIRE_TEST_DATA(path, std::string("tokenizers/ggml-vocab-") + GetParam() + ".gguf");
  const auto file = ModelFile::open(path);
  const auto tokenizer = Tokenizer::from_metadata(file->metadata());
  std::mt19937 random(7);
  const std::vector<std::string> parts = {"a",
                                          " ",
                                          "  ",
                                          "\n",
                                          "\xFF",
                                          "\xE2\x96",
                                          "é",
                                          "你好",
                                          "\xED\xA0\x80",
                                          "'ll",
                                          "123",
                                          "\t",
                                          "\xF0\x9F\x98\x80",
                                          "<|",
                                          "|>",
                                          ".,",
                                          "ſ",
                                          std::string(1, '\0')};
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (size_t i = random() % 12; i-- > 0;) text += parts[random() % parts.size()];
    const auto ids = tokenizer->encode(text, SpecialTokens::literal);
    EXPECT_EQ(tokenizer->decode(ids), text);
    std::string joined;
    for (const int32_t id : ids) joined += tokenizer->token_bytes(id);
    EXPECT_TRUE(joined == text || joined == " " + text);
  }
}

TEST_P(RealTokenizers, MegabytesTakeNoLongerThanTheyShould) {
  REQUIRE_TEST_DATA(path, std::string("tokenizers/ggml-vocab-") + GetParam() + ".gguf");
  const auto file = ModelFile::open(path);
  const auto tokenizer = Tokenizer::from_metadata(file->metadata());
  for (const std::string& unit :
       std::vector<std::string>{" ", "a", "\n", "你", "!", "<", "\xFF", "\xCC\x81\xCC\xA3", "ab ", "1"}) {
    std::string text;
    while (text.size() < (1u << 20)) text += unit;
    const auto before = std::chrono::steady_clock::now();
    const auto ids = tokenizer->encode(text, SpecialTokens::parse);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - before;
    EXPECT_LT(took.count(), 20) << "quadratic: " << unit;
    EXPECT_FALSE(ids.empty());
    RecordProperty("ms_" + std::to_string(static_cast<unsigned char>(unit.front())),
                   static_cast<int>(took.count() * 1000));
    if (unit != "\xCC\x81\xCC\xA3") {
      EXPECT_EQ(tokenizer->decode(ids), text) << unit;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, RealTokenizers, ::testing::Values("gpt-2", "llama-bpe", "llama-spm", "qwen2"));

TEST(Qwen2Tokenizer, ComposesText) {
  REQUIRE_TEST_DATA(path, "tokenizers/ggml-vocab-qwen2.gguf");
  const auto file = ModelFile::open(path);
  const auto tokenizer = Tokenizer::from_metadata(file->metadata());
  EXPECT_EQ(tokenizer->encode("cafe\xCC\x81", SpecialTokens::literal),
            tokenizer->encode("café", SpecialTokens::literal));
  // Marks in any order are the same text, also in runs that are sorted beforehand.
  std::string forwards = "a", backwards = "a";
  for (int i = 0; i < 100; ++i) forwards += "\xCC\xA3";
  for (int i = 0; i < 100; ++i) forwards += "\xCC\x81", backwards += "\xCC\x81";
  for (int i = 0; i < 100; ++i) backwards += "\xCC\xA3";
  EXPECT_EQ(tokenizer->encode(forwards, SpecialTokens::literal), tokenizer->encode(backwards, SpecialTokens::literal));
}

TEST(Qwen2Tokenizer, LoadsFast) {
  REQUIRE_TEST_DATA(path, "tokenizers/ggml-vocab-qwen2.gguf");
  const auto file = ModelFile::open(path);
  const auto before = std::chrono::steady_clock::now();
  const auto tokenizer = Tokenizer::from_metadata(file->metadata());
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - before;
  RecordProperty("milliseconds", static_cast<int>(took.count() * 1000));
  EXPECT_LT(took.count(), 3) << "a generous bound: sanitizers and a busy machine";
  EXPECT_EQ(tokenizer->vocabulary_size(), 151936);
}

TEST(Utf8Stream, HoldsBackWhatIsIncomplete) {
  Utf8Stream stream;
  EXPECT_EQ(stream.push("a\xF0\x9F"), "a");
  EXPECT_EQ(stream.push("\x98"), "");
  EXPECT_EQ(stream.push("\x80z"), "😀z");
  EXPECT_EQ(stream.push("\xFF\xC3"), "\uFFFD");
  EXPECT_EQ(stream.push("q"), "\uFFFDq");
  EXPECT_EQ(stream.push("\xE4\xBD"), "");
  EXPECT_EQ(stream.finish(), "\uFFFD");
  EXPECT_EQ(stream.finish(), "");
}

TEST(Utf8, IsStrict) {
  for (const char* bad : {"\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
                          "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\x80", "\xE4\xBD"}) {
    EXPECT_FALSE(next_utf8(bad, 0).valid) << bad;
  }
  for (const char32_t good :
       {U'\0', U'\x7F', U'\x80', U'\x7FF', U'\x800', U'\uD7FF', U'\uE000', U'\U00010000', U'\U0010FFFF'}) {
    std::string text;
    append_utf8(text, good);
    EXPECT_TRUE(next_utf8(text, 0).valid);
    EXPECT_EQ(next_utf8(text, 0).code, good);
  }
}

}  // namespace
}  // namespace deskhand
