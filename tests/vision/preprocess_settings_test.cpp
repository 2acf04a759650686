// Processor configurations in their spellings, and hostile ones.

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/metadata_store.h"
#include "tests/support/test_data.h"
#include "vision/preprocess/picture_family.h"

namespace deskhand {
namespace {

using nlohmann::json;

const char* const qwen =
    R"({"image_processor_type": "Qwen2VLImageProcessor", "min_pixels": 3136, "max_pixels": 12845056})";
const char* const qwen_model = R"({"model_type": "qwen2_vl", "vision_config": {"patch_size": 14}})";

class Settings : public ::testing::Test {
 protected:
  Preprocessor open(const std::string& processor, const std::string& model = qwen_model,
                    const char* name = "preprocessor_config.json") {
    testing::TemporaryFolder folder;
    std::ofstream(folder.path() / "config.json") << model;
    std::ofstream(folder.path() / name) << processor;
    return Preprocessor::open(folder.path());
  }
  std::string error_of(const std::string& processor, const std::string& model = qwen_model) {
    try {
      open(processor, model);
    } catch (const ModelFileError& error) {
      return error.what();
    }
    return "opened";
  }
};

TEST_F(Settings, TheAreaHasFiveSpellings) {
  for (const char* spelling :
       {R"("min_pixels": 1000, "max_pixels": 90000)", R"("size": {"min_pixels": 1000, "max_pixels": 90000})",
        R"("size": {"shortest_edge": 1000, "longest_edge": 90000})",
        R"("size": {"shortest_edge": 7, "longest_edge": 9}, "min_pixels": 1000, "max_pixels": 90000)",
        R"("size": null, "min_pixels": 1000, "max_pixels": 90000)"}) {
    const Preprocessor eyes =
        open(std::string(R"({"image_processor_type": "Qwen2VLImageProcessorFast", )") + spelling + "}");
    EXPECT_EQ(eyes.settings().min_pixels, 1000) << spelling;
    EXPECT_EQ(eyes.settings().max_pixels, 90000) << spelling;
  }
}

TEST_F(Settings, TheTypeMayBeMissingInOldFiles) {
  EXPECT_EQ(open("{}").family().name, "qwen");
  EXPECT_EQ(open("{}", R"({"model_type": "gemma3", "vision_config": {"patch_size": 14}})").family().name, "gemma3");
}

TEST_F(Settings, EarlyFineTunesOfQwen25VlNameAClassOfTheirOwn) {
  EXPECT_EQ(open(R"({"image_processor_type": "Qwen2_5_VLImageProcessor"})").family().name, "qwen");
}

TEST_F(Settings, OfProjectorFilesInTheirSpellings) {
  const auto family_of = [](const char* key, const char* type) {
    MetadataStore keys;
    if (key != nullptr) keys.set_text(key, type);
    return std::string(Preprocessor::of_projector(keys, "mmproj.gguf").family().name);
  };
  for (const char* key : {"clip.projector_type", "clip.vision.projector_type"}) {
    EXPECT_EQ(family_of(key, "qwen3vl_merger"), "qwen") << key;
    EXPECT_EQ(family_of(key, "gemma4v"), "gemma4") << key;
  }
  EXPECT_EQ(family_of(nullptr, ""), "llava") << "LLaVA's first files name none";
}

TEST_F(Settings, BlocksOfAProjectorFileMustFillTheSquare) {
  MetadataStore keys;
  keys.set_text("clip.projector_type", "gemma3");
  keys.set("clip.vision.projector.scale_factor", int64_t{5});
  EXPECT_THROW(Preprocessor::of_projector(keys, "mmproj.gguf"), ModelFileError);
}

TEST_F(Settings, TilesAreBounded) {
  const Preprocessor eyes = open(
      R"({"image_processor_type": "Idefics3ImageProcessor", "size": {"longest_edge": 2048}, "max_image_size": {"longest_edge": 4}})",
      R"({"model_type": "idefics3", "scale_factor": 1, "vision_config": {"patch_size": 4}})");
  EXPECT_THROW(eyes.plan({100, 100}), ImageError);
  EXPECT_EQ(eyes.plan({1, 1000}).tiles, 512 + 1) << "one column of tiles, and the whole";
}

TEST_F(Settings, NestedInTheProcessorsFile) {
  const Preprocessor eyes = open(
      R"({"processor_class": "X", "image_processor": {"image_processor_type": "Qwen2VLImageProcessor", "patch_size": 14}})",
      qwen_model, "processor_config.json");
  EXPECT_EQ(eyes.settings().max_pixels, 28 * 28 * 1280);
}

TEST_F(Settings, AClipSizeMayBeANumber) {
  const Preprocessor eyes = open(R"({"image_processor_type": "CLIPImageProcessor", "size": 336, "crop_size": 336})");
  EXPECT_EQ(eyes.settings().shortest_side, 336);
  EXPECT_EQ(eyes.settings().tile, 336);
}

TEST_F(Settings, HostileOnesAreRefusedNamingFileAndKey) {
  const struct {
    const char *changes, *expected;
  } cases[] = {
      {R"({"image_processor_type": "FancyImageProcessor"})", "'image_processor_type' must be one of"},
      {R"({"image_processor_type": 7})", "'image_processor_type' must be a string"},
      {R"({"min_pixels": 0})", "'min_pixels' must lie in 1…67108864, got 0"},
      {R"({"min_pixels": -1})", "'min_pixels' must lie in"},
      {R"({"max_pixels": 1e9})", "'max_pixels' must be an integer"},
      {R"({"max_pixels": 99999999999})", "'max_pixels' must lie in 1…67108864, got 99999999999"},
      {R"({"min_pixels": 5000, "max_pixels": 4000})", "got 5000 and 4000"},
      {R"({"size": [1, 2]})", "size: expected an object"},
      {R"({"patch_size": 0})", "'patch_size' must be 14"},
      {R"({"merge_size": 0})", "'merge_size' must lie in 1…64, got 0"},
      {R"({"merge_size": 100000})", "'merge_size' must lie in"},
      {R"({"temporal_patch_size": 9})", "'temporal_patch_size' must lie in"},
      {R"({"rescale_factor": 0})", "'rescale_factor' must lie in (0, 1], got 0"},
      {R"({"rescale_factor": 255})", "'rescale_factor' must lie in"},
      {R"({"do_resize": false})", "'do_resize' must be true"},
      {R"({"do_rescale": false})", "'do_rescale' must be true"},
      {R"({"image_mean": [0.5]})", "'image_mean' must be three numbers"},
      {R"({"image_mean": [0.5, 0.5, "x"]})", "'image_mean' must be three numbers"},
      {R"({"image_std": [0.5, 0.5, 0]})", "'image_std' must be positive"},
      {R"({"image_std": [0.5, 0.5, 1e30]})", "'image_std' must be three numbers"},
      {R"({"resample": 0})", "'resample' must be 1 (Lanczos)"},
  };
  for (const auto& c : cases) {
    json changed = json::parse(qwen);
    changed.update(json::parse(c.changes));
    const std::string error = error_of(changed.dump());
    EXPECT_NE(error.find(c.expected), std::string::npos) << c.changes << " → " << error;
    EXPECT_NE(error.find("preprocessor_config.json"), std::string::npos) << error;
  }
}

TEST_F(Settings, EachFamilyRefusesItsOwn) {
  const struct {
    const char *processor, *model, *expected;
  } cases[] = {
      {R"({"image_processor_type": "Gemma4ImageProcessor", "max_soft_tokens": 300})", qwen_model,
       "'max_soft_tokens' must be 70"},
      {R"({"image_processor_type": "Gemma3ImageProcessor", "do_pan_and_scan": true})", qwen_model, "'do_pan_and_scan'"},
      {R"({"image_processor_type": "Gemma3ImageProcessor", "size": {"height": 224, "width": 280}})", qwen_model,
       "'height' and 'width' must be the same, got 224 and 280"},
      {R"({"image_processor_type": "Gemma3ImageProcessor"})", R"({"mm_tokens_per_image": 15})",
       "'mm_tokens_per_image'"},
      {R"({"image_processor_type": "Gemma3ImageProcessor", "size": 13})", R"({"vision_config": {"patch_size": 14}})",
       "a divisor of 0 patches"},
      {R"({"image_processor_type": "SmolVLMImageProcessor", "size": {"longest_edge": 100000}})", qwen_model,
       "'longest_edge' must lie in 1…4096, got 100000"},
      {R"({"image_processor_type": "SmolVLMImageProcessor", "max_image_size": {"longest_edge": 8}})", qwen_model,
       "a square of 8 pixels holds no block"},
      {R"({"image_processor_type": "MllamaImageProcessor", "max_image_tiles": 0})", qwen_model,
       "'max_image_tiles' must lie"},
      {R"({"image_processor_type": "CLIPImageProcessor", "size": {"height": 336, "width": 336}})", qwen_model,
       "'size' must name the shortest edge"},
      {R"({"image_processor_type": "CLIPImageProcessor", "do_center_crop": false})", qwen_model,
       "'do_center_crop' must be true"},
      {"{}", R"({"model_type": "bert"})", "'model_type' must be one of"},
      {"[]", qwen_model, "expected an object"},
      {"{", qwen_model, "no JSON at byte"},
  };
  for (const auto& c : cases) {
    const std::string error = error_of(c.processor, c.model);
    EXPECT_NE(error.find(c.expected), std::string::npos) << c.processor << " → " << error;
  }
}

TEST_F(Settings, AProjectorFileHasTheBandOfThePublishedModels) {
  MetadataStore keys;
  keys.set_text("clip.projector_type", "qwen3vl_merger");
  keys.set("clip.vision.patch_size", int64_t{16});
  EXPECT_EQ(Preprocessor::of_projector(keys, "mmproj.gguf").plan({1920, 1080}).tokens, 60 * 34);
  keys.set("clip.vision.image_max_pixels", int64_t{100000});
  EXPECT_LT(Preprocessor::of_projector(keys, "mmproj.gguf").plan({1920, 1080}).tokens, 100);
  keys.set("clip.vision.image_max_pixels", int64_t{10});
  EXPECT_THROW(Preprocessor::of_projector(keys, "mmproj.gguf"), ModelFileError);
  keys.set_text("clip.projector_type", "resampler");
  EXPECT_THROW(Preprocessor::of_projector(keys, "mmproj.gguf"), ModelFileError);
}

TEST_F(Settings, PicturesThatWouldBecomeTooLargeAreRefused) {
  const Preprocessor clip = open(R"({"image_processor_type": "CLIPImageProcessor", "size": 4096, "crop_size": 4096})");
  EXPECT_THROW(clip.plan({1, 5000}), ImageError);
  const Preprocessor eyes = open(R"({"size": {"shortest_edge": 67108864, "longest_edge": 67108864}})");
  EXPECT_THROW(eyes.plan({1000, 1000}), ImageError);
}

}  // namespace
}  // namespace deskhand
