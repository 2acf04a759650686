// Model files in other types: which tensor becomes what, what is kept, and what is refused.

#include "core/quantise/quantise.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <deque>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/gguf.h"
#include "core/gguf_writer.h"
#include "core/metadata_store.h"
#include "core/token_state.h"
#include "tests/support/folders.h"
#include "tests/support/test_data.h"

namespace deskhand {
namespace {

namespace fs = std::filesystem;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using testing::names_in;
using testing::TemporaryFolder;

const fs::path fixtures = "tests/core/fixtures";

/// Tensors without data.
class Outline final : public ModelFile {
 public:
  explicit Outline(const nlohmann::json& model) {
    const std::string architecture = model["architecture"];
    metadata_.set_text("general.architecture", architecture);
    for (const auto& [key, value] : model["keys"].items())
      metadata_.set(architecture + "." + key, value.get<int64_t>());
    const int64_t layers = model["keys"]["block_count"];
    for (const auto& [kind, tensor] : model["tensors"].items()) {
      const size_t star = kind.find('*');
      for (int64_t layer = 0; layer < (star == std::string::npos ? 1 : layers); ++layer) {
        names_.push_back(
            star == std::string::npos ? kind : kind.substr(0, star) + std::to_string(layer) + kind.substr(star + 1));
        TensorInfo info{.name = names_.back(), .type = tensor["type"] == "f32" ? DType::f32 : DType::f16};
        for (size_t i = 0; i < 4; ++i) info.shape[i] = tensor["shape"][i];
        tensors_.push_back(info);
        rows_.emplace_back(kind, static_cast<size_t>(layer));
      }
    }
  }
  const fs::path& path() const override { return path_; }
  const Metadata& metadata() const override { return metadata_; }
  std::span<const TensorInfo> tensors() const override { return tensors_; }
  const TensorInfo* find_tensor(std::string_view) const override { return nullptr; }
  /// Kind and layer of each tensor.
  const std::vector<std::pair<std::string, size_t>>& rows() const { return rows_; }

 private:
  fs::path path_ = "outline";
  MetadataStore metadata_;
  std::deque<std::string> names_;
  std::vector<TensorInfo> tensors_;
  std::vector<std::pair<std::string, size_t>> rows_;
};

char letter_of(DType type) {
  switch (type) {
    case DType::q8_0:
      return '0';
    case DType::q4_0:
      return '4';
    case DType::q5_0:
      return '5';
    case DType::q5_1:
      return '1';
    case DType::q4_k:
      return 'k';
    case DType::q5_k:
      return 'v';
    case DType::q6_k:
      return 'x';
    default:
      return 'h';
  }
}

// The table is llama-quantize's own (tests/reference/quantised_types.py).
TEST(Quantise, TensorsGetTheTypesThatLlamaCppGivesThem) {
  const auto models = nlohmann::json::parse(testing::read_file(fixtures / "quantised_types.json"));
  ASSERT_EQ(models.size(), 6u);
  for (const auto& model : models) {
    const Outline outline(model);
    for (const char* target : {"Q8_0", "Q4_0", "Q4_K_M"}) {
      const std::vector<DType> types = planned_types(outline, *find_recipe(target));
      ASSERT_GT(types.size(), 90u);
      for (size_t i = 0; i < types.size(); ++i) {
        const auto& [kind, layer] = outline.rows()[i];
        const char expected = model["tensors"][kind][target].get<std::string>().at(layer);
        const char got = types[i] == outline.tensors()[i].type ? '-' : letter_of(types[i]);
        EXPECT_EQ(got, expected) << model["name"] << ' ' << target << ' ' << outline.tensors()[i].name;
      }
    }
  }
}

/// One matrix of numbers, a norm and keys of every kind, in a file with the alignment 64.
fs::path small_file(const fs::path& folder, float odd_one = 0.5f) {
  std::vector<float> numbers(4 * 256);
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = std::sin(static_cast<float>(i));
  numbers[700] = odd_one;
  const std::vector<float> norm(3, 1.5f);
  GgufWriter out(folder / "small.gguf");
  out.set("general.architecture", MetadataValue(std::string_view("llama")));
  MetadataArray words{.element_type = 8, .count = 2, .data = nullptr, .strings = {"a", "\xE2\x96\x81wörd"}};
  out.set("tokenizer.ggml.tokens", MetadataValue(words));
  out.set("general.file_type", uint32_t{0});
  out.set("x.big", MetadataValue(int64_t{-1}));
  out.set("x.float", MetadataValue(1e-5));
  out.set("x.bool", MetadataValue(true));
  out.declare({.name = "blk.0.ffn_norm.weight", .dimensions = 1, .shape = {3, 1, 1, 1}});
  out.declare({.name = "blk.0.ffn_up.weight", .dimensions = 2, .shape = {256, 4, 1, 1}});
  out.write(std::as_bytes(std::span(norm)));
  out.write(std::as_bytes(std::span(numbers)));
  out.finish();
  return folder / "small.gguf";
}

std::string trouble(const fs::path& in, const char* recipe, const QuantiseOptions& options = {}) {
  const fs::path out = in.parent_path() / "out.gguf";
  std::string message = "none";
  try {
    quantise(*ModelFile::open(in), out, *find_recipe(recipe), options);
  } catch (const std::runtime_error& error) {
    message = error.what();
    EXPECT_FALSE(fs::exists(out));
  }
  EXPECT_THAT(names_in(in.parent_path()), Each(EndsWith(".gguf")));
  return message;
}

TEST(Quantise, KeysAreKeptByteForByte) {
  const TemporaryFolder folder;
  const auto in = GgufFile::open(small_file(folder.path()));
  const fs::path path = folder.path() / "out.gguf";
  const QuantiseResult result = quantise(*in, path, *find_recipe("Q4_K_M"), {.threads = 2});
  EXPECT_EQ(result.changed, 1);
  const auto out = GgufFile::open(path);
  ASSERT_EQ(out->pairs().size(), in->pairs().size() + 1);
  for (size_t i = 0; i < in->pairs().size(); ++i) {
    const GgufPair a = in->pairs()[i], b = out->pairs()[i];
    EXPECT_EQ(a.key, b.key);
    if (a.key == "general.file_type") continue;
    ASSERT_EQ(a.bytes.size(), b.bytes.size());
    EXPECT_EQ(std::memcmp(a.bytes.data(), b.bytes.data(), a.bytes.size()), 0) << a.key;
  }
  EXPECT_EQ(out->metadata().integer("general.file_type"), 15);
  EXPECT_EQ(out->metadata().integer("general.quantization_version"), 2);
  EXPECT_EQ(out->tensors()[0].type, DType::f32);
  EXPECT_EQ(std::memcmp(out->tensors()[0].data, in->tensors()[0].data, 12), 0);
  EXPECT_EQ(out->tensors()[1].type, DType::q4_k);
  EXPECT_EQ(result.bytes_after, 12u + 4 * 144);
  EXPECT_THAT(names_in(folder.path()), ElementsAre("out.gguf", "small.gguf"));
}

TEST(Quantise, ACopyIsTheFileItself) {
  for (const char* name : {"tiny_llama_tied_llama3.gguf", "tiny_gemma3.gguf"}) {
    const TemporaryFolder folder;
    const auto in = GgufFile::open(fixtures / name);
    GgufWriter out(folder.path() / "copy.gguf");
    for (const GgufPair& pair : in->pairs()) out.copy(pair);
    for (const TensorInfo& tensor : in->tensors()) out.declare(tensor);
    for (const TensorInfo& tensor : in->tensors()) out.write({tensor.data, tensor.bytes});
    const uint64_t expected = out.total_bytes();
    out.finish();
    const std::string copy = testing::read_file(folder.path() / "copy.gguf");
    EXPECT_EQ(copy.size(), expected);
    EXPECT_EQ(copy, testing::read_file(fixtures / name)) << name;
  }
}

TEST(Quantise, TheAlignmentOfTheFileIsKept) {
  const TemporaryFolder folder;
  GgufWriter first(folder.path() / "a.gguf");
  // general.alignment as it lies in a file: key, type u32, 128.
  std::string pair = std::string("\x11\0\0\0\0\0\0\0", 8) + "general.alignment" + std::string("\4\0\0\0\x80\0\0\0", 8);
  first.copy({.key = "general.alignment", .bytes = std::as_bytes(std::span(pair.data(), pair.size()))});
  for (const char* name : {"a.weight", "b.weight"})
    first.declare({.name = name, .dimensions = 1, .shape = {3, 1, 1, 1}});
  const std::vector<float> numbers = {1, 2, 3, 4, 5, 6};
  first.write(std::as_bytes(std::span(numbers)));
  first.finish();
  const auto file = GgufFile::open(folder.path() / "a.gguf");
  EXPECT_EQ(file->tensors()[1].data - file->tensors()[0].data, 128);
  EXPECT_EQ(reinterpret_cast<const float*>(file->tensors()[1].data)[2], 6.0f);
}

TEST(Quantise, WhatWouldLoseTwiceOrHoldsNoNumbersIsRefused) {
  const TemporaryFolder folder;
  const fs::path plain = small_file(folder.path());
  quantise(*ModelFile::open(plain), folder.path() / "small-q8_0.gguf", *find_recipe("Q8_0"), {});
  EXPECT_THAT(trouble(folder.path() / "small-q8_0.gguf", "Q4_0"), HasSubstr("lose twice"));
  EXPECT_EQ(trouble(folder.path() / "small-q8_0.gguf", "F16"), "none");
  fs::remove(folder.path() / "out.gguf");
  for (const float value : {std::nanf(""), INFINITY}) {
    EXPECT_THAT(trouble(small_file(folder.path(), value), "Q8_0"), HasSubstr("blk.0.ffn_up.weight"));
  }
  EXPECT_EQ(find_recipe("Q9"), nullptr);
  EXPECT_EQ(find_recipe("q4_k_m")->name, "Q4_K_M");
}

TEST(Quantise, StoppingLeavesNothing) {
  const TemporaryFolder folder;
  std::stop_source stop;
  QuantiseOptions options{.threads = 1, .stop = stop.get_token()};
  options.on_progress = [&](uint64_t, uint64_t) { stop.request_stop(); };
  EXPECT_THAT(trouble(small_file(folder.path()), "Q8_0", options), HasSubstr("stopped"));
}

TEST(Quantise, AFileThatCannotBeWrittenIsSaid) {
  const TemporaryFolder folder;
  const auto in = ModelFile::open(small_file(folder.path()));
  EXPECT_THROW(quantise(*in, folder.path() / "none" / "out.gguf", *find_recipe("Q8_0"), {}), std::system_error);
  fs::create_directories(folder.path() / "taken" / "inside");
  EXPECT_THROW(quantise(*in, folder.path() / "taken", *find_recipe("Q8_0"), {}), std::system_error);
  EXPECT_THAT(names_in(folder.path()), ElementsAre("small.gguf", "taken"));
}

/// Logits after some ids.
std::vector<float> logits_of(const fs::path& path) {
  const auto backend = make_cpu_backend({.threads = 1, .isa = {}});
  LanguageModel model(ModelFile::open(path), *backend, {.context = 64, .kv_type = DType::f32});
  ForwardQueue queue(model, *backend, 16);
  TokenState state(queue);
  for (const int32_t id : {1, 5, 9, 13, 2}) state.push(id);
  const auto logits = state.logits();
  return {logits.begin(), logits.end()};
}

TEST(Quantise, ADirectoryBecomesOneFileThatSaysTheSame) {
  int directories = 0;
  for (const auto& entry : fs::directory_iterator(fixtures)) {
    if (!fs::exists(entry.path() / "model.safetensors")) continue;
    const TemporaryFolder folder;
    const fs::path path = folder.path() / "one.gguf";
    const auto directory = ModelFile::open(entry.path());
    quantise(*directory, path, *find_recipe("F32"), {});
    const auto file = ModelFile::open(path);
    EXPECT_EQ(file->metadata().text_or("tokenizer.huggingface.json", ""),
              directory->metadata().text_or("tokenizer.huggingface.json", ""));
    EXPECT_EQ(logits_of(path), logits_of(entry.path())) << entry.path();
    ++directories;
  }
  EXPECT_GE(directories, 3);
}

TEST(Quantise, AQuantisedStoryGoesOnAsItDid) {
  REQUIRE_TEST_DATA(model, "stories260k/stories260K-f32.gguf");
  const TemporaryFolder folder;
  const std::vector<float> exact = logits_of(model);
  const auto likeliest = [](const std::vector<float>& logits) {
    return std::max_element(logits.begin(), logits.end()) - logits.begin();
  };
  for (const char* recipe : {"F16", "BF16", "Q8_0"}) {
    quantise(*ModelFile::open(model), folder.path() / "out.gguf", *find_recipe(recipe), {});
    EXPECT_EQ(likeliest(logits_of(folder.path() / "out.gguf")), likeliest(exact)) << recipe;
  }
}

}  // namespace
}  // namespace deskhand
