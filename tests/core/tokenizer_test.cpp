// Exact ids against independent tokenizers.

#include "core/tokenizer/tokenizer.h"

#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/model_file.h"
#include "tests/support/test_data.h"

namespace deskhand {
namespace {
using testing::read_file;

struct Loaded {
  std::shared_ptr<const ModelFile> file;
  std::unique_ptr<Tokenizer> tokenizer;
};

Loaded load(const std::filesystem::path& path) {
  Loaded loaded;
  loaded.file = ModelFile::open(path);
  loaded.tokenizer = Tokenizer::from_metadata(loaded.file->metadata());
  return loaded;
}

std::vector<std::string> cases_of(const std::string& text) {
  constexpr std::string_view separator = "\n__ggml_vocab_test__\n";
  std::vector<std::string> cases;
  size_t at = 0;
  while (true) {
    const size_t next = text.find(separator, at);
    cases.push_back(text.substr(at, next - at));
    if (next == std::string::npos) return cases;
    at = next + separator.size();
  }
}

class TokenizerFiles : public ::testing::TestWithParam<const char*> {};

TEST_P(TokenizerFiles, GivesTheIdsOfLlamaCpp) {
  REQUIRE_TEST_DATA(folder, "tokenizers");
  const std::string base = (folder / (std::string("ggml-vocab-") + GetParam() + ".gguf")).string();
  const Loaded model = load(base);
  const std::vector<std::string> inputs = cases_of(read_file(base + ".inp"));
  std::istringstream lines(read_file(base + ".out"));
  size_t compared = 0;
  for (std::string line; std::getline(lines, line); ++compared) {
    ASSERT_LT(compared, inputs.size());
    std::vector<int32_t> expected;
    std::istringstream numbers(line);
    for (int32_t id; numbers >> id;) expected.push_back(id);
    const std::vector<int32_t> ids = model.tokenizer->encode(inputs[compared], SpecialTokens::literal);
    EXPECT_EQ(ids, expected) << "case " << compared << ": " << inputs[compared];
    EXPECT_EQ(model.tokenizer->decode(ids), inputs[compared]);
  }
  EXPECT_GE(compared, 40u);
}

INSTANTIATE_TEST_SUITE_P(All, TokenizerFiles, ::testing::Values("gpt-2", "llama-bpe", "llama-spm", "qwen2"));

struct VectorSource {
  const char* key;
  const char* model;  ///< a real model, or the vocabulary of that name
  int32_t ids;        ///< the file has no tokens from here on
  size_t at_least;
};

class TokenizerVectors : public ::testing::TestWithParam<VectorSource> {};

TEST_P(TokenizerVectors, GivesTheIdsOfTheRustTokenizers) {
  const VectorSource source = GetParam();
  REQUIRE_TEST_DATA(folder, "");
  const auto models = testing::test_models_folder();
  std::filesystem::path path = folder / "tokenizers" / source.model;
  if (!std::filesystem::exists(path)) {
    if (!models || !std::filesystem::exists(*models / source.model)) GTEST_SKIP() << source.model << " is not here";
    path = *models / source.model;
  }
  const Loaded model = load(path);
  const auto vectors = nlohmann::json::parse(read_file(folder / "vlm" / "tokenizer_vectors.json"));
  size_t compared = 0;
  for (const auto& entry : vectors.at(source.key)) {
    const auto text = entry.at("text").get<std::string>();
    const auto expected = entry.at("ids").get<std::vector<int32_t>>();
    const bool lacks = std::any_of(expected.begin(), expected.end(), [&](int32_t id) {
      return id >= source.ids || model.tokenizer->token_text(id).starts_with("[PAD");
    });
    if (lacks) continue;
    std::vector<int32_t> ids = model.tokenizer->encode(text, SpecialTokens::parse);
    if (!expected.empty() && expected.front() == model.tokenizer->bos() && model.tokenizer->adds_bos() &&
        (ids.empty() || ids.front() != model.tokenizer->bos())) {
      ids.insert(ids.begin(), model.tokenizer->bos());
    }
    EXPECT_EQ(ids, expected) << text;
    ++compared;
  }
  EXPECT_GE(compared, source.at_least);
  RecordProperty("compared", static_cast<int>(compared));
}

INSTANTIATE_TEST_SUITE_P(All, TokenizerVectors,
                         ::testing::Values(VectorSource{"qwen3-3.7.2", "qwen2.5-coder-0.5b.gguf", 151665, 10},
                                           VectorSource{"gemma3-3.7.2", "gemma3-270m.gguf", 262144, 10},
                                           VectorSource{"llama3_2-3.7.2", "ggml-vocab-llama-bpe.gguf", 128256, 10}));

}  // namespace
}  // namespace deskhand
