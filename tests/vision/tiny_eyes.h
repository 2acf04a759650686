#pragma once
// A tiny random model with eyes, and what transformers computes with it (tests/reference/tiny_vision.py).
//
//   class Seeing : public testing::TinyEyes, public ::testing::Test {
//     void SetUp() override { open("qwen35", false); }
//   };

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/safetensors.h"
#include "core/token_state.h"
#include "tests/support/test_data.h"
#include "vision/encoder.h"
#include "vision/image_io.h"

namespace deskhand::testing {

/// A picture that is encoded once, with numbers of its own.
class Picture final : public PromptImage {
 public:
  Picture(ImageEncoder& encoder, const std::filesystem::path& file, int32_t first)
      : image_(read_image(file)),
        first_(first),
        layout_(encoder.layout(image_.width, image_.height)),
        features_(encoder.encode(image_, {})) {}
  int32_t first_id() const override { return first_; }
  std::shared_ptr<const ImageFeatures> features(std::stop_token stop) override {
    ++asked;
    if (stop.stop_requested()) return nullptr;
    return {std::shared_ptr<void>(), &features_};
  }
  const ImageLayout& layout() const { return layout_; }

  int asked = 0;

 private:
  Image image_;
  int32_t first_;
  ImageLayout layout_;
  ImageFeatures features_;
};

struct PromptCase {
  std::string name;
  std::vector<int32_t> ids, greedy;
  std::vector<float> margins;
  PromptImages images;
};

class TinyEyes {
 protected:
  void open(const std::string& family, bool converted, size_t cache_bytes = size_t{1} << 24) {
    folder_ = std::filesystem::path("tests/vision/fixtures") / family;
    backend_ = make_cpu_backend({.threads = 2});
    model_ = std::make_unique<LanguageModel>(
        ModelFile::open(converted ? folder_ / "text.gguf" : folder_), *backend_,
        LanguageModelOptions{.context = 256, .kv_type = DType::f32, .cache_bytes = cache_bytes, .max_rows = 128});
    // Files of llama.cpp do not say how small these pictures may be.
    const Preprocessor preprocessor = Preprocessor::open(folder_);
    encoder_ = open_encoder(converted ? folder_ / "mmproj.gguf" : folder_, *backend_, model_->config().width,
                            converted ? &preprocessor : nullptr);
    queue_ = std::make_unique<ForwardQueue>(*model_, *backend_, 128);
    notes_ = nlohmann::json::parse(read_file(folder_ / "cases.json"));
    dump_ = std::make_unique<Safetensors>(Safetensors::open(folder_ / "dump.safetensors"));
    for (size_t i = 0; i < notes_["images"].size(); ++i) {
      const std::string name = notes_["images"][i]["name"];
      pictures_.push_back(std::make_shared<Picture>(*encoder_, folder_ / name, -1 - 1000 * static_cast<int32_t>(i)));
    }
    for (const auto& json : notes_["cases"]) cases_.push_back(read_case(json));
  }

  PromptCase read_case(const nlohmann::json& json) const {
    PromptCase out{
        .name = json["name"], .ids = json["ids"], .greedy = json["greedy"], .margins = json["margins"], .images = {}};
    const auto config = nlohmann::json::parse(read_file(folder_ / "config.json"));
    const int32_t mark = config.contains("image_token_id") ? config["image_token_id"] : config["image_token_index"];
    // Converted files of Gemma 4 leave it to the width of the real models; this small one has none of theirs.
    const bool is_causal = folder_.filename() == "gemma4";
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
                             .sees = is_causal ? RowSees::past : encoder_->rows_see(),
                             .token = piece.shown_tiles > 0 ? mark : -1,
                             .shown_tiles = piece.shown_tiles};
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

  std::filesystem::path folder_;
  std::unique_ptr<Backend> backend_;
  std::unique_ptr<LanguageModel> model_;
  std::unique_ptr<ImageEncoder> encoder_;
  std::unique_ptr<ForwardQueue> queue_;
  nlohmann::json notes_;
  std::unique_ptr<Safetensors> dump_;
  std::vector<std::shared_ptr<Picture>> pictures_;
  std::vector<PromptCase> cases_;
};

}  // namespace deskhand::testing
