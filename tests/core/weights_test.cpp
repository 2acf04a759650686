// Taking tensors, and files that are no complete model of their family: one tensor of a tiny checkpoint is changed.

#include "core/weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

#include "core/language_model.h"
#include "tests/support/test_data.h"

namespace deskhand {
namespace {
namespace fs = std::filesystem;
using ::testing::HasSubstr;

const fs::path tiny_qwen2 = "tests/core/fixtures/tiny_qwen2.gguf";
const fs::path tiny_llama = "tests/core/fixtures/tiny_llama_tied_llama3.gguf";

/// What loading the bytes says.
std::string loading(const std::string& bytes) {
  const testing::TemporaryFolder folder;
  const fs::path path = folder.path() / "model.gguf";
  std::ofstream(path, std::ios::binary) << bytes;
  const auto backend = make_reference_backend();
  try {
    const LanguageModel model(ModelFile::open(path), *backend, {});
  } catch (const ModelFileError& error) {
    return error.what();
  }
  return "loaded";
}

/// The bytes with `from`, which must occur, replaced by `to` of the same length; `after` more bytes are left between.
std::string replaced(std::string bytes, std::string_view from, std::string_view to) {
  EXPECT_EQ(from.size(), to.size());
  const size_t at = bytes.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return bytes.replace(at, from.size(), to);
}

TEST(Weights, ATensorTakenTwiceIsTheSameWeight) {
  const auto backend = make_reference_backend();
  Weights weights(ModelFile::open(tiny_qwen2), *backend);
  const Weight& once = weights.matrix("blk.0.attn_q.weight", {.rows = 60, .cols = 60});
  EXPECT_EQ(&once, &weights.matrix("blk.0.attn_q.weight", {.rows = 60, .cols = 60}));
  EXPECT_EQ(&once, &weights.matrix_or("absent", "blk.0.attn_q.weight", {.rows = 60, .cols = 60}));
  EXPECT_EQ(once.rows(), 60);
  const auto norm = weights.vector("output_norm.weight", 60);
  EXPECT_EQ(norm.data(), weights.vector("output_norm.weight", 60).data());
  EXPECT_EQ(weights.vector_if("absent", 3), nullptr);
}

TEST(Weights, WhatIsWrongIsNamed) {
  const auto backend = make_reference_backend();
  Weights weights(ModelFile::open(tiny_qwen2), *backend);
  const auto message = [&](auto take) -> std::string {
    try {
      take();
    } catch (const ModelFileError& error) {
      return error.what();
    }
    return "taken";
  };
  EXPECT_THAT(message([&] { weights.matrix("absent", {.rows = 1, .cols = 1}); }), HasSubstr("'absent' is missing"));
  EXPECT_THAT(message([&] { weights.matrix("blk.0.attn_q.weight", {.rows = 60, .cols = 61}); }),
              HasSubstr("must have 60 × 61 values, not 60 × 60"));
  EXPECT_THAT(message([&] { weights.vector("blk.0.attn_q.weight", 60); }), HasSubstr("blk.0.attn_q.weight"));
  EXPECT_THAT(message([&] { weights.expect_all_taken(); }), HasSubstr("tensors are not used"));
}

TEST(Weights, IncompleteAndForeignModelsAreRefused) {
  const std::string qwen = testing::read_file(tiny_qwen2), llama = testing::read_file(tiny_llama);
  EXPECT_EQ(loading(qwen), "loaded");
  EXPECT_EQ(loading(llama), "loaded");
  EXPECT_THAT(loading(replaced(qwen, "blk.1.attn_q.bias", "blk.1.attn_x.bias")),
              HasSubstr("'blk.1.attn_q.bias' is missing"));
  EXPECT_THAT(loading(replaced(llama, "rope_freqs.weight", "rope_freqz.weight")),
              HasSubstr("not used by its family: 'rope_freqz.weight'"));
  EXPECT_THAT(loading(replaced(qwen, "qwen2", "qwen9")), HasSubstr("qwen9"));
  EXPECT_THAT(loading(qwen.substr(0, qwen.size() - 1)), HasSubstr("truncated"));
}

TEST(Weights, TypesThatNoKernelHandlesAreRefusedByName) {
  // blk.0.attn_q.weight [60, 60] BF16 becomes I16, which has the same size.
  std::string bytes = testing::read_file(tiny_qwen2);
  const std::string_view name = "blk.0.attn_q.weight";
  const size_t type_at = bytes.find(name) + name.size() + sizeof(uint32_t) + 2 * sizeof(int64_t);
  const uint32_t i16 = 25;
  std::memcpy(bytes.data() + type_at, &i16, sizeof(i16));
  EXPECT_THAT(loading(bytes), HasSubstr("'blk.0.attn_q.weight' is of type I16"));
}

}  // namespace
}  // namespace deskhand
