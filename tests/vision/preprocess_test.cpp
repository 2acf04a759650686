// Pictures prepared for the eyes, against transformers' processors (tests/reference/pillow_preprocess.py).

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/vision/checksum.h"
#include "tests/vision/made_up.h"
#include "vision/preprocess/preprocessor.h"

namespace deskhand {
namespace {

namespace fs = std::filesystem;
using testing::made_up;

const fs::path folder = "tests/vision/fixtures/preprocess";

std::string facts_of(const EyeInput& input) {
  const auto& values = input.values;
  const std::span bytes{reinterpret_cast<const uint8_t*>(values.data()), values.size() * sizeof(float)};
  const PicturePlan& p = input.plan;
  std::ostringstream out;
  out << p.tiles << ' ' << p.tile_rows << ' ' << p.tile_columns << ' ' << p.rows << ' ' << p.columns << ' ' << p.tokens
      << ' ' << std::hex << std::setw(8) << std::setfill('0') << testing::crc32(bytes);
  return out.str();
}

std::string what_becomes_of(const Image& image, const Preprocessor& eyes) {
  try {
    return facts_of(eyes.prepare(image));
  } catch (const ImageError&) {
    return "refused";
  }
}

class Preprocess : public ::testing::TestWithParam<const char*> {};

TEST_P(Preprocess, EqualsTransformers) {
  const Preprocessor eyes = Preprocessor::open(folder / GetParam());
  std::ifstream file(folder / (std::string(GetParam()) + ".txt"));
  ASSERT_TRUE(file);
  int cases = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    std::istringstream in(line);
    int kind = 0, width = 0, height = 0;
    in >> kind >> width >> height >> std::ws;
    std::string expected;
    std::getline(in, expected);
    EXPECT_EQ(what_becomes_of(made_up(kind, width, height, 3), eyes), expected) << width << "×" << height;
    ++cases;
  }
  EXPECT_GE(cases, 5);
}

INSTANTIATE_TEST_SUITE_P(Families, Preprocess,
                         ::testing::Values("qwen2vl", "qwen25vl", "qwen3vl", "qwen35", "smolvlm", "smolvlm_512",
                                           "smolvlm_384", "idefics3", "gemma3", "gemma3_896", "gemma4", "gemma4_70",
                                           "gemma4_140", "gemma4_560", "gemma4_1120", "mllama", "mllama_560", "llava"),
                         [](const auto& name) { return std::string(name.param); });

TEST(SmartResize, KeepsToTheBandAndRoundsHalfToEven) {
  constexpr PixelBand qwen3{.factor = 32, .min_pixels = 65536, .max_pixels = 16777216};
  constexpr PixelBand qwen2{.factor = 28, .min_pixels = 3136, .max_pixels = 12845056};
  EXPECT_EQ(smart_resize({1920, 1080}, qwen3), (PictureSize{1920, 1088}));
  EXPECT_EQ(smart_resize({1920, 1080}, qwen2), (PictureSize{1932, 1092}));
  EXPECT_EQ(smart_resize({1440, 900}, qwen3), (PictureSize{1440, 896}));
  EXPECT_EQ(smart_resize({1440, 900}, qwen2), (PictureSize{1428, 896}));
  EXPECT_EQ(smart_resize({70, 98}, qwen2), (PictureSize{56, 112}));                           // 2.5 and 3.5
  EXPECT_EQ(smart_resize({40, 56}, {.factor = 16, .min_pixels = 1}), (PictureSize{32, 64}));  // 2.5 and 3.5
  EXPECT_EQ(smart_resize({5000, 4000}, qwen3), (PictureSize{4576, 3648}));
}

TEST(SmartResize, AUnitIsKeptWhereAsked) {
  PixelBand band{.factor = 28, .min_pixels = 28 * 28, .max_pixels = 1 << 20};
  EXPECT_EQ(smart_resize({1000, 10}, band), (PictureSize{280, 28}));  // 0 × 1008 lies below the band: the shape is lost
  band.keeps_a_unit = true;
  EXPECT_EQ(smart_resize({1000, 10}, band), (PictureSize{1008, 28}));
}

TEST(SmartResize, RefusesStripsAndNothing) {
  EXPECT_NO_THROW(smart_resize({200, 1}, {}));
  EXPECT_THROW(smart_resize({201, 1}, {}), ImageError);
  EXPECT_THROW(smart_resize({1, 201}, {}), ImageError);
  EXPECT_THROW(smart_resize({0, 1}, {}), ImageError);
}

TEST(Preprocessor, RefusesPicturesWithoutPixelsOrColours) {
  const Preprocessor eyes = Preprocessor::open(folder / "qwen35");
  EXPECT_THROW(eyes.prepare(Image()), ImageError);
  EXPECT_THROW(eyes.prepare(Image(40, 40, 1)), ImageError);
  EXPECT_THROW(eyes.plan({0, 40}), ImageError);
}

TEST(Preprocessor, PlansWithoutPixels) {
  const PicturePlan plan = Preprocessor::open(folder / "qwen3vl").plan({1920, 1080});
  EXPECT_EQ(plan.resized, (PictureSize{1920, 1088}));
  EXPECT_EQ(plan.tokens, 60 * 34);
}

}  // namespace
}  // namespace deskhand
