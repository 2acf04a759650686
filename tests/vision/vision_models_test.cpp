// Tiny random models with eyes, as Hugging Face directories and as GGUF files, against transformers
// (tests/reference/tiny_vision.py): the rows of the encoder, the logits, the greedy replies, fed in every way.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/safetensors.h"
#include "core/token_state.h"
#include "tests/support/test_data.h"
#include "vision/encoder.h"
#include "vision/image_io.h"

namespace deskhand {
namespace {
namespace fs = std::filesystem;

constexpr float tie = 2e-3f;  // two best logits this close may change places

/// A picture that is encoded once, with numbers of its own.
class Picture final : public PromptImage {
 public:
  Picture(ImageEncoder& encoder, const fs::path& file, int32_t first)
      : image_(read_image(file)),
        first_(first),
        layout_(encoder.layout(image_.width, image_.height)),
        features_(encoder.encode(image_, {})) {}
  int32_t first_id() const override { return first_; }
  const ImageFeatures* features(std::stop_token) override { return &features_; }
  const ImageLayout& layout() const { return layout_; }

 private:
  Image image_;
  int32_t first_;
  ImageLayout layout_;
  ImageFeatures features_;
};

struct Case {
  std::string name;
  std::vector<int32_t> ids, greedy;
  std::vector<float> margins;
  PromptImages images;
};

class VisionModels : public ::testing::TestWithParam<std::tuple<std::string, std::string>> {
 protected:
  void SetUp() override {
    folder_ = fs::path("tests/vision/fixtures") / std::get<0>(GetParam());
    const bool converted = std::get<1>(GetParam()) == "gguf";
    backend_ = make_cpu_backend({.threads = 2});
    model_ = std::make_unique<LanguageModel>(
        ModelFile::open(converted ? folder_ / "text.gguf" : folder_), *backend_,
        LanguageModelOptions{.context = 256, .kv_type = DType::f32, .cache_bytes = 1 << 24, .max_rows = 128});
    // Files of llama.cpp do not say how small these pictures may be.
    const Preprocessor preprocessor = Preprocessor::open(folder_);
    encoder_ = open_encoder(converted ? folder_ / "mmproj.gguf" : folder_, *backend_, model_->config().width,
                            converted ? &preprocessor : nullptr);
    queue_ = std::make_unique<ForwardQueue>(*model_, *backend_, 128);
    notes_ = nlohmann::json::parse(testing::read_file(folder_ / "cases.json"));
    dump_ = std::make_unique<Safetensors>(Safetensors::open(folder_ / "dump.safetensors"));
    for (size_t i = 0; i < notes_["images"].size(); ++i) {
      const std::string name = notes_["images"][i]["name"];
      pictures_.push_back(std::make_shared<Picture>(*encoder_, folder_ / name, -1 - 1000 * static_cast<int32_t>(i)));
    }
    for (const auto& json : notes_["cases"]) cases_.push_back(read_case(json));
  }

  Case read_case(const nlohmann::json& json) const {
    Case out{
        .name = json["name"], .ids = json["ids"], .greedy = json["greedy"], .margins = json["margins"], .images = {}};
    const auto config = nlohmann::json::parse(testing::read_file(folder_ / "config.json"));
    const int32_t mark = config.contains("image_token_id") ? config["image_token_id"] : config["image_token_index"];
    // Converted files of Gemma 4 leave it to the width of the real models; this small one has none of theirs.
    const bool is_causal = std::get<0>(GetParam()) == "gemma4";
    int64_t at = 0;
    for (const std::string name : json["images"]) {
      const auto number = static_cast<size_t>(name[5] - '0');
      int64_t first = 0;
      for (const ImageLayout::Piece& piece : pictures_[number]->layout().pieces) {
        if (piece.rows == 0) continue;
        while (at < static_cast<int64_t>(out.ids.size()) && out.ids[static_cast<size_t>(at)] != mark) ++at;
        const ImageSpan span{.begin = at,
                             .rows = piece.rows,
                             .image = pictures_[number],
                             .first = first,
                             .height = piece.height,
                             .width = piece.width,
                             .sees = is_causal ? RowSees::past : encoder_->rows_see()};
        for (; at < span.end(); ++at) {
          EXPECT_EQ(out.ids.at(static_cast<size_t>(at)), mark);
          out.ids[static_cast<size_t>(at)] = span.id(at);
        }
        first += piece.rows;
        out.images.add(span);
      }
    }
    EXPECT_EQ(std::count(out.ids.begin(), out.ids.end(), mark), 0) << "as many rows as transformers has";
    return out;
  }

  /// A tensor of the dump as [rows, cols].
  std::vector<std::vector<float>> dumped(const std::string& name) const {
    for (const TensorInfo& tensor : dump_->tensors()) {
      if (tensor.name != name) continue;
      const ConstView view = tensor.view();
      std::vector<std::vector<float>> rows;
      for (int64_t r = 0; r < view.rows; ++r) rows.emplace_back(view.row(r), view.row(r) + view.cols);
      return rows;
    }
    return {};
  }

  static std::vector<float> copy(std::span<const float> values) { return {values.begin(), values.end()}; }

  /// Both of equal size, and apart by at most 1e-4 of the larger of 1 and a tenth of the largest number.
  static void expect_near(const std::vector<float>& got, const std::vector<float>& expected, const std::string& what) {
    ASSERT_EQ(got.size(), expected.size()) << what;
    float largest = 0, worst = 0;
    for (size_t i = 0; i < got.size(); ++i) {
      largest = std::max(largest, std::abs(expected[i]));
      worst = std::max(worst, std::abs(got[i] - expected[i]));
    }
    EXPECT_LE(worst, 1e-4f * std::max(1.0f, largest / 10)) << what;
  }

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

  std::vector<float> logits_after(const Case& c, int64_t chunk) {
    ForwardQueue queue(*model_, *backend_, chunk);
    TokenState state(queue);
    state.set(c.ids, {}, {}, c.images);
    return copy(state.logits());
  }

  fs::path folder_;
  std::unique_ptr<Backend> backend_;
  std::unique_ptr<LanguageModel> model_;
  std::unique_ptr<ImageEncoder> encoder_;
  std::unique_ptr<ForwardQueue> queue_;
  nlohmann::json notes_;
  std::unique_ptr<Safetensors> dump_;
  std::vector<std::shared_ptr<Picture>> pictures_;
  std::vector<Case> cases_;
};

TEST_P(VisionModels, RowsOfPicturesAreThoseOfTransformers) {
  for (size_t i = 0; i < pictures_.size(); ++i) {
    const std::string name = "image" + std::to_string(i);
    const ImageFeatures& features = *pictures_[i]->features({});
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
  for (const Case& c : cases_) {
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
  for (const Case& c : cases_) {
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
