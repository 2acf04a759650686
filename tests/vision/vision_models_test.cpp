// Tiny random models with eyes, as Hugging Face directories and as GGUF files, against transformers
// (tests/reference/tiny_vision.py): the rows of the encoder, the logits, the greedy replies, fed in every way.

#include <cstring>
#include <fstream>

#include "tests/vision/tiny_eyes.h"

namespace deskhand {
namespace {
namespace fs = std::filesystem;

constexpr float tie = 2e-3f;  // two best logits this close may change places

class VisionModels : public testing::TinyEyes, public ::testing::TestWithParam<std::tuple<std::string, std::string>> {
 protected:
  void SetUp() override { open(std::get<0>(GetParam()), std::get<1>(GetParam()) == "gguf"); }

  void expect_rows(ConstView got, const std::string& name) const {
    const auto expected = dumped(name);
    ASSERT_EQ(got.rows, static_cast<int64_t>(expected.size())) << name;
    for (int64_t r = 0; r < got.rows; ++r) {
      expect_near(copy({got.row(r), static_cast<size_t>(got.cols)}), expected[static_cast<size_t>(r)],
                  name + " row " + std::to_string(r));
    }
  }

  void expect_rows_in_any_order(ConstView got, const std::string& name) const {
    const auto expected = dumped(name);
    ASSERT_EQ(got.rows, static_cast<int64_t>(expected.size())) << name;
    for (size_t i = 0; i < expected.size(); ++i) {
      int64_t alike = 0;
      for (int64_t r = 0; r < got.rows; ++r) {
        float worst = 0;
        for (int64_t k = 0; k < got.cols; ++k) {
          worst = std::max(worst, std::abs(got.row(r)[k] - expected[i][static_cast<size_t>(k)]));
        }
        alike += worst < 1e-4f ? 1 : 0;
      }
      EXPECT_EQ(alike, 1) << name << " row " << i;
    }
  }

  std::vector<float> logits_after(const testing::PromptCase& c, int64_t chunk) {
    ForwardQueue queue(*model_, *backend_, chunk);
    TokenState state(queue);
    state.set(c.ids, {}, {}, c.images);
    return copy(state.logits());
  }
};

TEST_P(VisionModels, RowsOfPicturesAreThoseOfTransformers) {
  for (size_t i = 0; i < pictures_.size(); ++i) {
    const std::string name = "image" + std::to_string(i);
    const std::shared_ptr<const ImageFeatures> held = pictures_[i]->features({});
    const ImageFeatures& features = *held;
    // transformers' merger gives the rows of Qwen2.5-VL window by window; behind it they are put in order.
    if (std::get<0>(GetParam()) == "qwen25vl") {
      expect_rows_in_any_order(features.rows, name + ".merged");
    } else {
      expect_rows(features.rows, name + ".merged");
    }
    for (size_t k = 0; k < features.addends.size(); ++k) {
      expect_rows(features.addends[k], name + ".deep" + std::to_string(k));
    }
  }
}

TEST_P(VisionModels, LogitsAndGreedyTokensAreThoseOfTransformers) {
  for (const testing::PromptCase& c : cases_) {
    const auto expected = dumped(c.name + ".logits");
    TokenState state(*queue_);
    for (size_t i = 0; i < expected.size(); ++i) {
      const size_t size = c.ids.size() - expected.size() + i + 1;
      PromptImages images = c.images;
      images.cut(static_cast<int64_t>(size));
      if (const ImageSpan* cut = images.at(static_cast<int64_t>(size));
          cut != nullptr && cut->begin < static_cast<int64_t>(size)) {
        continue;  // what ends inside a picture cannot be fed
      }
      if (c.images.has_attended() && images.spans().size() < c.images.spans().size()) continue;  // all rows see less
      state.set(std::span(c.ids).first(size), {}, {}, images);
      expect_near(copy(state.logits()), expected[i], c.name + " id " + std::to_string(size - 1));
    }
    for (size_t i = 0; i < c.greedy.size(); ++i) {
      const auto logits = state.logits();
      const auto best = static_cast<int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
      if (c.margins[i] > tie) {
        EXPECT_EQ(best, c.greedy[i]) << c.name << " token " << i;
      }
      state.push(c.greedy[i]);
    }
  }
}

TEST_P(VisionModels, PositionsAreThoseOfTransformers) {
  for (size_t number = 0; number < cases_.size(); ++number) {
    const nlohmann::json& json = notes_["cases"][number];
    if (!json.contains("position_ids")) continue;
    for (size_t i = 0; i < cases_[number].ids.size(); ++i) {
      const auto position = cases_[number].images.position(static_cast<int64_t>(i));
      for (size_t axis = 0; axis < position.size(); ++axis) {
        EXPECT_EQ(position[axis], json["position_ids"][axis][i].get<int32_t>()) << i;
      }
    }
    const auto size = static_cast<int32_t>(cases_[number].ids.size());
    EXPECT_EQ(cases_[number].images.position(size)[0] - size, json["rope_delta"].get<int32_t>());
  }
}

TEST_P(VisionModels, ChunksStepsAndBranchesGiveTheSameLogits) {
  for (const testing::PromptCase& c : cases_) {
    const std::vector<float> expected = dumped(c.name + ".logits").back();
    if (encoder_->rows_together() == 0) {
      for (const int64_t chunk : {1, 5, 16}) {
        expect_near(logits_after(c, chunk), expected, c.name + " in chunks of " + std::to_string(chunk));
      }
    }
    // Beside others: every case at once in one batch after another.
    TokenState first(*queue_);
    first.set(c.ids, {}, {}, c.images);
    first.push(7);
    first.logits();
    first.rewind(static_cast<int64_t>(c.ids.size()));
    expect_near(copy(first.logits()), expected, c.name + " after a rewind");
    // Another text behind the first pictures, and back.
    const size_t half = c.images.empty() ? c.ids.size() / 2 : static_cast<size_t>(c.images.spans().front().end());
    std::vector<int32_t> other(c.ids.begin(), c.ids.begin() + static_cast<std::ptrdiff_t>(half));
    for (int32_t i = 0; i < 9; ++i) other.push_back(100 + i);
    PromptImages images = c.images;
    images.cut(static_cast<int64_t>(half));
    first.set(other, {}, {}, images);
    first.set(c.ids, {}, {}, c.images);
    expect_near(copy(first.logits()), expected, c.name + " after a branch");
  }
}

std::string name_of(const ::testing::TestParamInfo<std::tuple<std::string, std::string>>& model) {
  return std::get<0>(model.param) + "_" + std::get<1>(model.param);
}

INSTANTIATE_TEST_SUITE_P(Directories, VisionModels,
                         ::testing::Combine(::testing::Values("qwen35", "qwen35moe", "qwen3vl", "qwen25vl", "qwen2vl",
                                                              "smolvlm", "gemma4", "gemma4_both_ways", "gemma3",
                                                              "llava"),
                                            ::testing::Values("directory", "gguf")),
                         name_of);
INSTANTIATE_TEST_SUITE_P(DirectoriesAlone, VisionModels,
                         ::testing::Combine(::testing::Values("mllama"), ::testing::Values("directory")), name_of);

/// What is said of a copy of a checkpoint in which one number is another.
std::string refusal(const std::string& family, const std::string& file, const std::string& pointer, int64_t value) {
  const testing::TemporaryFolder copy;
  for (const auto& entry : fs::directory_iterator(fs::path("tests/vision/fixtures") / family)) {
    fs::copy(entry.path(), copy.path() / entry.path().filename());
  }
  auto json = nlohmann::json::parse(testing::read_file(copy.path() / file));
  json[nlohmann::json::json_pointer(pointer)] = value;
  std::ofstream(copy.path() / file) << json.dump();
  const auto backend = make_cpu_backend({.threads = 1});
  try {
    const auto encoder =
        open_encoder(copy.path(), *backend,
                     ModelFile::open(copy.path())
                         ->metadata()
                         .integer(family == "qwen35" ? "qwen35.embedding_length" : "qwen3vl.embedding_length"));
    // What opens must do its work, or say why not.
    (void)encoder->encode(Image(40, 30), {});
  } catch (const ModelFileError& error) {
    return error.what();
  } catch (const ImageError& error) {
    return error.what();
  }
  return "opened";
}

TEST(HostileEyes, AreRefusedInWords) {
  const std::string config = "config.json", eyes = "/vision_config/";
  for (const int64_t number : {-1, 0, 1, 2, 3, 5, 7, 12, 1 << 30}) {
    for (const char* key : {"hidden_size", "num_heads", "depth", "num_position_embeddings", "intermediate_size"}) {
      const std::string said = refusal("qwen35", config, eyes + key, number);
      const bool unread = std::string(key) == "intermediate_size" || std::string(key) == "num_position_embeddings";
      const bool as_it_was = (std::string(key) == "num_heads" && (number == 2 || number == 1 || number == 3)) ||
                             (std::string(key) == "depth" && number == 3);
      if (!unread && !as_it_was) {
        EXPECT_NE(said, "opened") << key << " " << number;
      }
    }
    for (const char* key : {"/patch_size", "/merge_size", "/temporal_patch_size"}) {
      (void)refusal("qwen35", "preprocessor_config.json", key, number);
    }
  }
  EXPECT_NE(refusal("qwen3vl", config, eyes + "deepstack_visual_indexes/0", 99), "opened");
  EXPECT_NE(refusal("qwen3vl", config, eyes + "deepstack_visual_indexes/0", -1), "opened");
}

TEST(HostileEyes, BoundsOfClippingThatCrossAreRefused) {
  const testing::TemporaryFolder copy;
  for (const auto& entry : fs::directory_iterator("tests/vision/fixtures/gemma4")) {
    fs::copy(entry.path(), copy.path() / entry.path().filename());
  }
  const fs::path weights = copy.path() / "model.safetensors";
  std::string bytes = testing::read_file(weights);
  uint64_t header = 0;
  std::memcpy(&header, bytes.data(), sizeof(header));
  const auto tensors = nlohmann::json::parse(bytes.substr(sizeof(header), header));
  const auto& low = tensors["model.vision_tower.encoder.layers.0.mlp.down_proj.input_min"];
  ASSERT_EQ(low["dtype"], "BF16");
  const uint16_t hundreds = 0x4480;  // 1024 as bf16
  std::memcpy(bytes.data() + sizeof(header) + header + low["data_offsets"][0].get<size_t>(), &hundreds, 2);
  std::ofstream(weights, std::ios::binary) << bytes;
  const auto backend = make_cpu_backend({.threads = 1});
  const int64_t width = ModelFile::open(copy.path())->metadata().integer("gemma4.embedding_length");
  EXPECT_THROW(open_encoder(copy.path(), *backend, width), ModelFileError);
}

}  // namespace
}  // namespace deskhand
