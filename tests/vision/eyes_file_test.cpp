// What the eyes of a model cost, said before they are loaded, is what they then take.

#include "vision/eyes_file.h"

#include <gmock/gmock.h>
#include <malloc.h>

#include <fstream>

#include "core/engine.h"
#include "vision/encoder.h"

namespace deskhand {
namespace {
namespace fs = std::filesystem;

const fs::path fixtures = "tests/vision/fixtures";
constexpr const char* seeing_models[] = {"gemma3",  "gemma4", "llava",   "qwen25vl",
                                         "qwen2vl", "qwen35", "qwen3vl", "smolvlm"};

size_t allocated() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

/// kB of memory that this process held at most since the last call of forget_peak.
long peak_kb() {
  std::ifstream status("/proc/self/status");
  std::string word;
  long kb = 0;
  while (status >> word)
    if (word == "VmHWM:") status >> kb;
  return kb;
}

void forget_peak() {
  malloc_trim(0);
  std::ofstream("/proc/self/clear_refs") << 5;
}

TEST(EyesFile, TokensAreTheRowsOfTheEncoder) {
  const auto backend = make_cpu_backend({.threads = 1});
  for (const char* family : seeing_models) {
    const int64_t width = Engine::describe(fixtures / family, {}).width;
    for (const fs::path& path : {fixtures / family, fixtures / family / "mmproj.gguf"}) {
      SCOPED_TRACE(path);
      const auto eyes = open_eyes_file(path);
      ASSERT_TRUE(eyes);
      const auto encoder = open_encoder(path, *backend, width);
      for (const PictureSize size : {PictureSize{64, 48}, PictureSize{333, 777}, PictureSize{1920, 1080}}) {
        const PictureCost cost = picture_cost(*eyes, size);
        const ImageLayout layout = encoder->layout(size.width, size.height);
        EXPECT_EQ(cost.tokens, layout.rows);
        EXPECT_EQ(cost.frame.width, layout.frame_width);
        EXPECT_EQ(cost.frame.height, layout.frame_height);
      }
      const PictureCost largest = largest_picture_cost(*eyes);
      EXPECT_GE(largest.peak_bytes, picture_cost(*eyes, {1920, 1080}).peak_bytes);
    }
  }
}

TEST(EyesFile, EncodingTakesNoMoreThanSaid) {
  mallopt(M_MMAP_THRESHOLD, 1 << 12);  // what is freed is gone
  const auto backend = make_cpu_backend({.threads = 1});
  const Image image(1024, 1024);
  for (const char* family : seeing_models) {
    SCOPED_TRACE(family);
    const auto eyes = open_eyes_file(fixtures / family);
    const auto encoder = open_encoder(fixtures / family, *backend, Engine::describe(fixtures / family, {}).width);
    const size_t before = allocated();
    const ImageFeatures features = encoder->encode(image, {});
    ASSERT_GT(features.rows.rows, 0);
    const size_t kept = allocated() - before, said = picture_cost(*eyes, {1024, 1024}).peak_bytes;
    EXPECT_LE(kept, said);
    if (allocated() == 0) continue;  // the sanitizers' allocator counts nothing
    size_t more = 0;
    for (int tries = 0; tries < 10 && kept + more < said / 4; ++tries) {  // the system counts in lots of 64 pages
      forget_peak();
      const long held = peak_kb();
      (void)encoder->encode(image, {});
      more = static_cast<size_t>(peak_kb() - held) * 1024;
    }
    EXPECT_GE(kept + more, said / 4) << "far too much is said";
  }
}

TEST(EyesFile, ProductsAndAttentionAreCounted) {
  const auto eyes = open_eyes_file(fixtures / "qwen35" / "mmproj.gguf");
  const EyesSummary summary = eyes_summary(*eyes);
  const auto rows = [&](const char* name) { return eyes->file->find_tensor(name)->view().rows; };
  const double width = static_cast<double>(summary.width), inner = static_cast<double>(rows("v.blk.0.ffn_up.weight"));
  const double merged = static_cast<double>(rows("mm.0.weight")), text = static_cast<double>(rows("mm.2.weight"));
  const PictureCost cost = picture_cost(*eyes, {640, 480});
  const auto n = static_cast<double>(cost.patches), tokens = static_cast<double>(cost.tokens);
  const double patch = eyes->preprocessor.settings().patch;
  const double layer = 2 * n * (4 * width * width + 2 * width * inner) + 4 * n * n * width;
  const double whole = static_cast<double>(summary.layers) * layer + 2 * n * 3 * patch * patch * width +
                       2 * tokens * merged * (merged + text);
  EXPECT_NEAR(cost.flops / whole, 1.0, 1e-9);
}

TEST(EyesFile, WindowsCostLess) {
  const auto windowed = open_eyes_file(fixtures / "qwen25vl" / "mmproj.gguf");
  const auto growth = [](const EyesFile& eyes) {
    return picture_cost(eyes, {1344, 1344}).flops / picture_cost(eyes, {672, 672}).flops;
  };
  EXPECT_LT(growth(*windowed), growth(*open_eyes_file(fixtures / "qwen2vl" / "mmproj.gguf")));
}

TEST(EyesFile, EyesOfAnotherModelAreRefused) {
  const auto expect_refused = [](const char* model, const char* eyes, const char* why) {
    const ModelInfo info = Engine::describe(fixtures / model, {});
    try {
      expect_eyes_of(info, *open_eyes_file(fixtures / eyes / "mmproj.gguf"));
      ADD_FAILURE() << model << " took the eyes of " << eyes;
    } catch (const ModelFileError& error) {
      EXPECT_THAT(error.what(), ::testing::HasSubstr("the eyes are of another model"));
      EXPECT_THAT(error.what(), ::testing::HasSubstr(why));
    }
  };
  for (const char* model : seeing_models) {
    for (const char* eyes : seeing_models) {
      if (std::string_view(model) == eyes) {
        expect_eyes_of(Engine::describe(fixtures / model, {}), *open_eyes_file(fixtures / eyes / "mmproj.gguf"));
      }
    }
  }
  expect_refused("qwen35", "qwen3vl", "rows for the first layers");
  ModelInfo wider = Engine::describe(fixtures / "qwen35", {});
  wider.width += 8;
  EXPECT_THAT([&] { expect_eyes_of(wider, *open_eyes_file(fixtures / "qwen35" / "mmproj.gguf")); },
              ::testing::ThrowsMessage<ModelFileError>(::testing::HasSubstr("no rows of 72 values")));
  expect_refused("qwen35", "gemma3", "'gemma3' is made for gemma3");
  expect_refused("llava", "qwen2vl", "is of the family llama");
  expect_refused("qwen3vl", "qwen2vl", "is of the family qwen3vl");
}

}  // namespace
}  // namespace deskhand
