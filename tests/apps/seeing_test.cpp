// Pictures given to the program: asked about, inspected, and what cannot be seen.

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "core/safetensors.h"
#include "tests/support/program.h"
#include "tests/support/seeing_model.h"
#include "vision/image_io.h"

namespace deskhand {
namespace {
namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::Ran;
using testing::run;

const fs::path fixture = "tests/vision/fixtures/qwen35";

class Seeing : public testing::Program {
 protected:
  void SetUp() override {
    testing::Program::SetUp();
    fs::create_directory(at("model"));
    testing::write_seeing_model(at("model"));
  }
  Ran ask(std::vector<std::string> more) const {
    std::vector<std::string> all = {"ask", "-m", at("model"), "-t", "1", "--temp", "0", "--max-tokens", "4"};
    all.insert(all.end(), more.begin(), more.end());
    return run(all);
  }
  void expect_refused(const Ran& ran, int code, const std::string& why) const {
    EXPECT_EQ(ran.code, code) << ran.err;
    EXPECT_THAT(ran.err, HasSubstr(why));
    EXPECT_EQ(ran.out, "");
    testing::expect_one_line(ran.err);
  }

  const std::string first_ = fixture / "image0.png", second_ = fixture / "image1.png";
};

TEST_F(Seeing, APictureHasItsRowsInThePrompt) {
  const Ran ran = ask({"-i", first_, "--json", "What is it?"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  const auto one = nlohmann::json::parse(ran.out);
  EXPECT_EQ(one["usage"]["image_tokens"], 8);
  EXPECT_GT(one["timing"]["encode_ms"], 0);
  const auto both = nlohmann::json::parse(ask({"-i", first_, "-i", second_, "--json", "What is it?"}).out);
  EXPECT_EQ(both["usage"]["image_tokens"], 8 + 12);
  EXPECT_EQ(both["usage"]["prompt_tokens"].get<int>() - one["usage"]["prompt_tokens"].get<int>(), 12 + 2);
  // Order counts.
  const auto logits = [&](const std::string& one_file, const std::string& other) {
    const Ran seen = run({"inspect", "-m", at("model"), "-t", "1", "-i", one_file, "-i", other, "--json", "x"});
    return nlohmann::json::parse(seen.out)["logits"];
  };
  EXPECT_NE(logits(first_, second_), logits(second_, first_));
}

TEST_F(Seeing, InspectShowsTheRowsThatTheLanguageModelGets) {
  const Ran ran = run(
      {"inspect", "-m", at("model"), "-t", "1", "-i", first_, "-i", second_, "--encoder", "--json", "-n", "3", "x"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  const auto json = nlohmann::json::parse(ran.out);
  EXPECT_THAT(
      json["prompt"].get<std::string>(),
      HasSubstr("user\n<|vision_start|><|image_pad|><|vision_end|><|vision_start|><|image_pad|><|vision_end|>x"));
  EXPECT_EQ(json["image_tokens"], 20);
  EXPECT_EQ(json["greedy_ids"].size(), 3u);
  const Safetensors dump = Safetensors::open(fixture / "dump.safetensors");
  size_t row = 0;
  for (const char* name : {"image0.merged", "image1.merged"}) {
    for (const TensorInfo& tensor : dump.tensors()) {
      if (tensor.name != name) continue;
      for (int64_t r = 0; r < tensor.view().rows; ++r, ++row) {
        const std::vector<float> got = json["encoder"][row];
        for (size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], tensor.view().row(r)[i], 1e-4f) << name << r;
      }
    }
  }
  EXPECT_EQ(row, 20u);
}

TEST_F(Seeing, LayersThatAttendToAPictureSeeIt) {
  testing::write_attending_model(at("model"));
  const fs::path pictures = "tests/vision/fixtures/mllama";
  const std::string wide = pictures / "image0.png", tall = pictures / "image1.png";
  const Ran ran = ask({"-i", wide, "-i", tall, "--json", "What is it?"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(nlohmann::json::parse(ran.out)["usage"]["image_tokens"], 2);
  const auto inspected = [&](const std::vector<std::string>& images) {
    std::vector<std::string> all = {"inspect", "-m", at("model"), "-t", "1", "--encoder", "--json", "x"};
    for (const std::string& image : images) all.insert(all.end(), {"-i", image});
    const Ran seen = run(all);
    EXPECT_EQ(seen.code, 0) << seen.err;
    return nlohmann::json::parse(seen.out);
  };
  const auto one = inspected({wide}), other = inspected({tall});
  EXPECT_THAT(one["prompt"].get<std::string>(), HasSubstr("user\n<|image|>x<|eot_id|>"));
  EXPECT_EQ(one["encoder"].size(), 4u * 17);
  EXPECT_NE(one["logits"], other["logits"]);
  const Ran info = run({"models", "info", at("model")});
  EXPECT_EQ(info.code, 0) << info.err;
  EXPECT_THAT(info.out, HasSubstr("eyes          mllama, "));
}

TEST_F(Seeing, TwoFilesOfEyesBesideTheModelAreAQuestion) {
  fs::copy_file(fixture / "text.gguf", at("text.gguf"));
  for (const char* name : {"mmproj-f16.gguf", "mmproj-q8.gguf"}) fs::copy_file(fixture / "mmproj.gguf", at(name));
  expect_refused(run({"ask", "-m", at("text.gguf"), "-i", first_, "x"}), 2, "name one with --mmproj");
}

TEST_F(Seeing, WhatCannotBeSeenIsOneLine) {
  REQUIRE_TEST_DATA(stories, "stories260k/stories260K-f32.gguf");
  expect_refused(run({"ask", "-m", stories, "-i", first_, "x"}), 2, "has no eyes");
  expect_refused(
      run({"ask", "-m", "tests/core/fixtures/tiny_qwen2.gguf", "--mmproj", fixture / "mmproj.gguf", "-i", first_, "x"}),
      3, "the eyes are of another model");
  expect_refused(run({"ask", "-m", stories, "--mmproj", fixture / "mmproj.gguf", "-i", first_, "x"}), 3,
                 "is of the family llama");
  expect_refused(run({"ask", "-m", stories, "--mmproj", stories, "-i", first_, "x"}), 3, "holds no eyes");
  expect_refused(ask({"-i", at("absent.png"), "x"}), 3, "absent.png");
  expect_refused(ask({"-i", first_, "-c", "16", "x"}), 6, "the context holds 16");
  // Too narrow for the model's rules; a header that promises more pixels than anyone wants.
  std::ofstream(at("narrow.png"), std::ios::binary) << [] {
    const auto png = encode_png(Image(1, 900));
    return std::string(png.begin(), png.end());
  }();
  expect_refused(ask({"-i", at("narrow.png"), "x"}), 3, "narrow.png");
  std::ofstream(at("bomb.ppm")) << "P6\n60000 60000\n255\n";
  expect_refused(ask({"-i", at("bomb.ppm"), "x"}), 3, "bomb.ppm");
}

TEST_F(Seeing, WithoutATemplateThereIsNoPlaceForAPicture) {
  fs::remove(at("model/chat_template.jinja"));
  expect_refused(ask({"-i", first_, "x"}), 2, "no place for pictures");
}

TEST_F(Seeing, ATemplateForTextAloneGetsThePlaceInTheText) {
  testing::write_seeing_model(at("model"),
                              "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content + '<|im_end|>' }}\n"
                              "{% endfor %}<|im_start|>assistant\n");
  const Ran ran = run({"inspect", "-m", at("model"), "-t", "1", "-i", first_, "--json", "x"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(nlohmann::json::parse(ran.out)["prompt"].get<std::string>(), HasSubstr("user\n<|image_pad|>x<|im_end|>"));
}

TEST_F(Seeing, WordsOfTheUserMakeNoPlaceForAPicture) {
  const Ran ran = ask({"-i", first_, "--json", "Not <|image_pad|> here"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(nlohmann::json::parse(ran.out)["usage"]["image_tokens"], 8);
}

}  // namespace
}  // namespace deskhand
