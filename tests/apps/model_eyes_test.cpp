// The eyes of a model in `models info` and `bench`, the memory that they take, and pictures that cannot be seen.

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/support/program.h"
#include "tests/support/seeing_model.h"
#include "vision/image_io.h"

namespace deskhand {
namespace {
namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;
using testing::Ran;
using testing::run;

const fs::path fixtures = "tests/vision/fixtures", fixture = fixtures / "qwen35";

class ModelEyes : public testing::Program {
 protected:
  void SetUp() override {
    testing::Program::SetUp();
    fs::create_directory(at("model"));
    testing::write_seeing_model(at("model"));
  }
  static json info(std::vector<std::string> more) {
    more.insert(more.begin(), {"models", "info", "--json"});
    const Ran ran = run(more);
    EXPECT_EQ(ran.code, 0) << ran.err;
    return json::parse(ran.out);
  }
  Ran ask(const std::string& picture, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> all = {"ask", "-m", at("model"), "-t", "1", "--max-tokens", "1", "-i", picture, "x"};
    all.insert(all.end(), more.begin(), more.end());
    return run(all);
  }
  static void expect_refused(const Ran& ran, int code, const std::string& why) {
    EXPECT_EQ(ran.code, code) << ran.err;
    EXPECT_THAT(ran.err, HasSubstr(why));
    EXPECT_EQ(ran.out, "");
    testing::expect_one_line(ran.err);
  }

  const std::string picture_ = fixture / "image0.png";
};

TEST_F(ModelEyes, InfoSaysWhatAPictureTakes) {
  const Image picture = read_image(picture_);
  const std::string size = std::to_string(picture.width) + "x" + std::to_string(picture.height);
  const json all = info({at("model"), "--image", size, "-c", "256"});
  EXPECT_EQ(all["eyes"]["encoder"], "qwen3vl_merger");
  EXPECT_EQ(all["eyes"]["path"], at("model"));
  EXPECT_EQ(all["eyes"]["image"]["tokens"], 8);
  EXPECT_EQ(all["eyes"]["image"]["size"], json({picture.width, picture.height}));
  EXPECT_GT(all["eyes"]["largest"]["tokens"], 8);
  EXPECT_GT(all["eyes"]["parameters"], 1000);
  EXPECT_EQ(all["dialect"]["name"], "qwen35");
  EXPECT_EQ(all["dialect"]["chosen"], "by its family");
  const json& memory = all["memory"];
  EXPECT_EQ(memory["context"], 256);
  EXPECT_EQ(memory["eyes"], all["eyes"]["weight_bytes"]);
  EXPECT_EQ(memory["picture"], all["eyes"]["image"]["peak_bytes"]);
  EXPECT_EQ(memory["total"].get<size_t>(), memory["weights"].get<size_t>() + memory["keys_and_values"].get<size_t>() +
                                               memory["eyes"].get<size_t>() + memory["picture"].get<size_t>());
  // More pixels and more context take more; 1920x1080 is the picture of those who do not say.
  const json usual = info({at("model"), "-c", "512"});
  EXPECT_EQ(usual["eyes"]["image"]["size"], json({1920, 1080}));
  EXPECT_GT(usual["memory"]["picture"], memory["picture"]);
  EXPECT_GT(usual["memory"]["keys_and_values"], memory["keys_and_values"]);
  const Ran ran = run({"models", "info", at("model"), "--image", size});
  EXPECT_THAT(ran.out, HasSubstr("8 tokens")) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("dialect       qwen35, by its family"));
}

TEST_F(ModelEyes, InfoFindsTheFileOfTheEyes) {
  fs::create_directory(at("folder"));
  fs::copy_file(fixture / "text.gguf", at("folder/text.gguf"));
  EXPECT_EQ(info({at("folder/text.gguf")})["eyes"], nullptr);
  const json named = info({at("folder/text.gguf"), "--mmproj", fixture / "mmproj.gguf"});
  EXPECT_EQ(named["eyes"]["path"], (fixture / "mmproj.gguf").string());
  fs::copy_file(fixture / "mmproj.gguf", at("folder/mmproj-f32.gguf"));
  EXPECT_EQ(info({at("folder/text.gguf")})["eyes"]["path"], at("folder/mmproj-f32.gguf"));
  EXPECT_EQ(info({at("folder/text.gguf")})["eyes"]["weight_bytes"], named["eyes"]["weight_bytes"]);
  // Those of another model are an error where they were named, a remark where they only lie there.
  const std::string other = fixtures / "qwen3vl" / "mmproj.gguf";
  expect_refused(run({"models", "info", at("folder/text.gguf"), "--mmproj", other}), 3,
                 "the eyes are of another model");
  fs::copy_file(other, at("folder/mmproj-f32.gguf"), fs::copy_options::overwrite_existing);
  EXPECT_EQ(info({at("folder/text.gguf")})["eyes"], nullptr);
  EXPECT_THAT(run({"models", "info", at("folder/text.gguf")}).out, HasSubstr("the eyes are of another model"));
  fs::copy_file(other, at("folder/mmproj-f16.gguf"));
  EXPECT_THAT(run({"models", "info", at("folder/text.gguf")}).out, HasSubstr("name one with --mmproj"));
}

TEST_F(ModelEyes, EyesAreCountedBeforeAnythingIsLoaded) {
  expect_refused(ask(picture_, {"-c", "2147483647"}), 6, "for its eyes");
  expect_refused(ask(picture_, {"-c", "2147483647"}), 6, "tokens fit");
  EXPECT_EQ(ask(picture_, {"-c", "256"}).code, 0);
}

TEST_F(ModelEyes, BenchTimesThem) {
  const Ran ran = run(
      {"bench", "-m", at("model"), "-t", "1", "-p", "0", "-n", "0", "--repeat", "1", "--image", "320x200", "--json"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  std::istringstream lines(ran.out);
  std::string head, record, end;
  std::getline(lines, head);
  std::getline(lines, record);
  EXPECT_FALSE(std::getline(lines, end)) << end;
  const json test = json::parse(record);
  EXPECT_EQ(test["test"], "image");
  EXPECT_EQ(test["size"], json({320, 200}));
  EXPECT_EQ(test["tokens"], info({at("model"), "--image", "320x200"})["eyes"]["image"]["tokens"]);
  for (const char* number : {"ms", "prepare_ms", "encode_ms", "flop_s", "of_peak", "rss_mb"}) {
    EXPECT_GT(test[number], 0) << number;
  }
  expect_refused(run({"bench", "-m", "tests/core/fixtures/tiny_qwen2.gguf", "--image", "320x200"}), 2, "has no eyes");
  expect_refused(run({"bench", "-m", at("model"), "--image", "320"}), 2, "--image: must be WxH");
}

TEST_F(ModelEyes, ThoseOfAnotherModelAreNamed) {
  for (const char* other : {"gemma3", "llava", "qwen25vl", "smolvlm", "gemma4", "qwen3vl"}) {
    const std::string eyes = fixtures / other / "mmproj.gguf";
    expect_refused(run({"ask", "-m", at("model"), "--mmproj", eyes, "-i", picture_, "x"}), 3,
                   eyes + ": the eyes are of another model");
  }
}

TEST_F(ModelEyes, ThoseThatMerelyLieBesideAModelAreLeftOutWhereNothingIsToBeSeen) {
  fs::create_directory(at("beside"));
  REQUIRE_TEST_DATA(stories, "stories260k/stories260K-f32.gguf");
  fs::copy_file(stories, at("beside/text.gguf"));
  fs::copy_file(fixtures / "gemma3" / "mmproj.gguf", at("beside/mmproj.gguf"));
  const Ran chat = run({"chat", "-m", at("beside/text.gguf"), "-t", "1"});  // it has no template: that is what is said
  EXPECT_THAT(chat.err, HasSubstr("warning: opened without eyes: "));
  EXPECT_THAT(chat.err, HasSubstr("has no chat template"));
  const Ran without = run({"chat", "-m", at("beside/text.gguf"), "-t", "1", "--mmproj", "none"});
  EXPECT_THAT(without.err, ::testing::Not(HasSubstr("warning")));
  expect_refused(run({"ask", "-m", at("beside/text.gguf"), "-i", picture_, "x"}), 3, "the eyes are of another model");
}

TEST_F(ModelEyes, AModelToFindWithNeedsSomethingToFind) {
  expect_refused(run({"see", picture_, "-m", at("model")}), 2, "--find");
  expect_refused(run({"see", picture_, "--find", "x", "--dialect", "gta1"}), 2, "--model");
}

TEST_F(ModelEyes, AMissingShardIsNamed) {
  fs::remove(at("model/model.safetensors"));
  write("model/model.safetensors.index.json",
        R"({"weight_map": {"model.norm.weight": "model-00002-of-00002.safetensors"}})");
  const std::string missing = "model-00002-of-00002.safetensors: No such file";
  expect_refused(ask(picture_), 3, missing);
  expect_refused(run({"models", "info", at("model")}), 3, missing);
  testing::write_changed("tests/core/fixtures/tiny_qwen2.gguf", at("text-00001-of-00002.gguf"), "split.count",
                         MetadataValue(int64_t{2}));
  expect_refused(run({"ask", "-m", at("text-00001-of-00002.gguf"), "x"}), 3,
                 "text-00001-of-00002.gguf: is one part of a model in several files");
}

/// A file whose header was changed, or that ends early.
class BadPicture : public ModelEyes {
 protected:
  std::string changed(const std::string& name, size_t place, const std::string& bytes) const {
    std::string file = testing::read_file(fixtures / "images" / name);
    return write(name, file.replace(place, bytes.size(), bytes));
  }
};

TEST_F(BadPicture, ABombIsRefusedByItsHeader) {
  const std::string huge("\x00\x00\x75\x30\x00\x00\x75\x30", 8), most("\x7f\xff\xff\xff\x7f\xff\xff\xff", 8),
      none("\x00\x00\x00\x00\x00\x00\x00\x05", 8);
  expect_refused(ask(changed("rgb.png", 16, huge)), 3, "rgb.png: PNG: the picture is 30000×30000, expected");
  expect_refused(ask(changed("rgb.png", 16, most)), 3, "the picture is 2147483647×2147483647, expected");
  expect_refused(ask(changed("rgb.png", 16, none)), 3, "the picture is 0×5, expected");
  const size_t frame = testing::read_file(fixtures / "images" / "rgb.jpg").find("\xff\xc0");
  expect_refused(ask(changed("rgb.jpg", frame + 5, std::string("\xfd\xe8\xfd\xe8", 4))), 3,
                 "rgb.jpg: JPEG: the picture is 65000×65000, expected");
}

TEST_F(BadPicture, OneThatEndsTooEarlyIsSaidSo) {
  for (const char* name :
       {"rgb.png", "rgb.jpg", "progressive.jpg", "lossy.webp", "rgb.bmp", "palette.gif", "rgb.ppm"}) {
    const std::string whole = testing::read_file(fixtures / "images" / name);
    EXPECT_EQ(ask(write(name, whole)).code, 0) << name;
    const Ran ran = ask(write(name, whole.substr(0, whole.size() / 2)));
    expect_refused(ran, 3, std::string(name) + ": ");
    EXPECT_THAT(ran.err, HasSubstr("ends too early"));
  }
}

}  // namespace
}  // namespace deskhand
