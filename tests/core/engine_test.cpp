#include "core/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstring>
#include <fstream>
#include <limits>

#include "core/constraint/token_trie.h"
#include "tests/support/test_data.h"

namespace deskhand {
namespace {
namespace fs = std::filesystem;
using ::testing::HasSubstr;

std::string refusal(const fs::path& path, const EngineOptions& options = {}) {
  try {
    Engine::open(path, options);
  } catch (const ModelFileError& error) {
    EXPECT_THAT(std::string(error.what()), Not(HasSubstr("\n")));
    return error.what();
  }
  return "opened";
}

TEST(Engine, DescribesAModel) {
  REQUIRE_TEST_DATA(folder, "stories260k");
  const auto engine = Engine::open(folder / "stories260K-f32.gguf", {.threads = 1, .kv_type = DType::f32});
  const ModelInfo& info = engine->info();
  EXPECT_EQ(info.name, "stories260K");
  EXPECT_EQ(info.architecture, "llama");
  EXPECT_EQ(info.types, "F32 48");
  EXPECT_EQ(info.parameters, 292800);
  EXPECT_EQ(info.layers, 5);
  EXPECT_EQ(info.width, 64);
  EXPECT_EQ(info.heads, 8);
  EXPECT_EQ(info.kv_heads, 4);
  EXPECT_EQ(info.head_dim, 8);
  EXPECT_EQ(info.vocabulary, 512);
  EXPECT_EQ(info.trained_context, 512);
  EXPECT_EQ(info.context, 512);
  EXPECT_EQ(info.kv_bytes_per_token, 5u * 2 * 4 * 8 * 4);
  EXPECT_EQ(info.bytes_per_token, info.weight_bytes - 512u * 64 * 4);
  EXPECT_FALSE(info.has_chat_template);
  EXPECT_EQ(engine->chat_template(), nullptr);
  EXPECT_EQ(engine->token_trie().vocabulary_size(), engine->tokenizer().vocabulary_size());
  EXPECT_EQ(engine->backend().info().threads, 1);
}

TEST(Engine, TellsAStory) {
  REQUIRE_TEST_DATA(folder, "stories260k");
  const auto engine = Engine::open(folder / "stories260K-f32.gguf", {.threads = 2});
  const auto session = engine->new_session();
  session->set_prompt(std::vector<int32_t>{engine->tokenizer().bos()});
  const Generation g = session->generate({.max_tokens = 30}, nullptr, {}, {});
  EXPECT_THAT(g.text, ::testing::StartsWith("Once upon a time, there was a little girl named Lily."));
}

TEST(Engine, WhatIsNoModelIsRefusedInOneLine) {
  REQUIRE_TEST_DATA(folder, "stories260k");
  const testing::TemporaryFolder scratch;
  const fs::path path = scratch.path() / "model.gguf";
  const auto write = [&](const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; };
  const std::string story = testing::read_file(folder / "stories260K-f32.gguf");
  write(story.substr(0, story.size() / 2));
  EXPECT_THAT(refusal(path), HasSubstr("truncated"));
  write(story.substr(0, 100));
  EXPECT_THAT(refusal(path), HasSubstr("model.gguf"));
  write("This is a text file.\nIt only has the name.\n");
  EXPECT_THAT(refusal(path), HasSubstr("not a GGUF model file"));
  EXPECT_THAT(refusal(scratch.path() / "absent.gguf"), HasSubstr("absent.gguf"));
  EXPECT_THAT(refusal(scratch.path()), HasSubstr(scratch.path().string()));
}

TEST(Engine, WhatIsNoNumberIsAnError) {
  REQUIRE_TEST_DATA(folder, "stories260k");
  const testing::TemporaryFolder scratch;
  const fs::path path = scratch.path() / "damaged.gguf";
  std::string story = testing::read_file(folder / "stories260K-f32.gguf");
  const auto file = ModelFile::open(folder / "stories260K-f32.gguf");
  const TensorInfo* norm = file->find_tensor("output_norm.weight");
  ASSERT_NE(norm, nullptr);
  std::string numbers(reinterpret_cast<const char*>(norm->data), norm->bytes);
  const size_t at = story.find(numbers);
  ASSERT_NE(at, std::string::npos);
  for (const float damage : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    std::memcpy(story.data() + at, &damage, sizeof damage);
    std::ofstream(path, std::ios::binary) << story;
    const auto engine = Engine::open(path, {.threads = 1});
    const std::vector<int32_t> ids{engine->tokenizer().bos(), 300, 301};
    for (const float temperature : {0.0f, 1.0f}) {
      const auto session = engine->new_session();
      session->set_prompt(ids);
      EXPECT_THROW(session->generate({.max_tokens = 3, .sampling = {.temperature = temperature}}, nullptr, {}, {}),
                   ModelFileError);
    }
    EXPECT_THROW(engine->log_probabilities(ids, 1, {}), ModelFileError);
  }
}

TEST(Engine, DescribesWhatItNeedNotOpen) {
  const fs::path file = "tests/core/fixtures/tiny_qwen2.gguf", directory = "tests/core/fixtures/tiny_qwen2";
  EXPECT_THAT(refusal(file), HasSubstr(file.string() + ": there is no tokenizer: the key tokenizer.ggml.model"));
  EXPECT_THAT(refusal(directory), HasSubstr(directory.string() + ": there is no tokenizer: tokenizer.json"));
  for (const fs::path& model : {file, directory}) {
    const ModelInfo info = Engine::describe(model, {});
    EXPECT_EQ(info.architecture, "qwen2");
    EXPECT_GT(info.parameters, 0);
    EXPECT_EQ(info.context, info.trained_context);
  }
  EXPECT_EQ(Engine::describe(file, {.context = 5}).context, 5);
  const int64_t most = Engine::describe(file, {.context = int64_t{1} << 40}).context;
  EXPECT_GT(most, 0);
  EXPECT_LT(most, int64_t{1} << 40);
}

TEST(Engine, AContextBeyondMemoryIsRefused) {
  REQUIRE_TEST_DATA(folder, "stories260k");
  EXPECT_THROW(Engine::open(folder / "stories260K-f32.gguf", {.context = int64_t{1} << 40}), NotEnoughMemory);
}

TEST(Engine, OpensARealModelQuickly) {
  const auto folder = testing::test_models_folder();
  const fs::path path = folder.value_or("") / "qwen2.5-coder-0.5b.gguf";
  if (!folder || !fs::exists(path)) GTEST_SKIP() << "qwen2.5-coder-0.5b.gguf is not there";
  const auto start = std::chrono::steady_clock::now();
  const auto engine = Engine::open(path, {.context = 4096});
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  RecordProperty("seconds", std::to_string(seconds));
  EXPECT_LT(seconds, 20.0);  // far more than it takes, for loaded machines
  EXPECT_EQ(engine->info().name, "Qwen2.5 Coder 0.5B Instruct AWQ");
  EXPECT_TRUE(engine->info().has_chat_template);
  ASSERT_NE(engine->chat_template(), nullptr);
}

TEST(Engine, KnowsALastingPrefixInTheNextRun) {
  REQUIRE_TEST_DATA(folder, "stories260k");
  const auto prefixes = std::filesystem::temp_directory_path() / "deskhand-engine-prefixes-test";
  std::filesystem::remove_all(prefixes);
  std::vector<int32_t> ids(200, 7);
  for (int64_t known : {0, 128, 128}) {
    const auto engine = Engine::open(folder / "stories260K-f32.gguf", {.threads = 1, .prefix_folder = prefixes});
    const auto session = engine->new_session();
    session->set_prompt(ids, {}, 150);
    const Generation reply = session->generate({.max_tokens = 5}, nullptr, [](std::string_view) {}, {});
    EXPECT_EQ(reply.reused_tokens, known);
    EXPECT_EQ(engine->cache_stats().asked, 200);
    EXPECT_EQ(engine->cache_stats().reused, known);
    ids.back() += 1;
  }
  std::filesystem::remove_all(prefixes);
}

}  // namespace
}  // namespace deskhand
