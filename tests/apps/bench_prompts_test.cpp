// deskhand bench --prompts: prompts of ids, of texts and with pictures, and files that are none.

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/support/program.h"
#include "tests/support/seeing_model.h"

namespace deskhand {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;
using testing::Ran;
using testing::run;

const fs::path fixture = "tests/vision/fixtures/qwen35";
const std::string first = fixture / "image0.png", second = fixture / "image1.png";  // of 8 and 12 rows

json seen(const std::string& path, const std::string& text) {
  return {{"role", "user"}, {"content", {{{"type", "image"}, {"path", path}}, {{"type", "text"}, {"text", text}}}}};
}
json said(const std::string& role, const std::string& text) {
  return {{"role", role}, {"content", text}};
}
std::string line(const std::vector<json>& messages) {
  return json{{"messages", messages}}.dump() + "\n";
}

class BenchPrompts : public testing::Program {
 protected:
  void SetUp() override {
    testing::Program::SetUp();
    fs::create_directory(at("model"));
    testing::write_seeing_model(at("model"));
  }
  Ran bench(const std::string& prompts, const std::string& model = {}) const {
    return run({"bench", "-m", model.empty() ? at("model") : model, "-t", "1", "-n", "3", "--json", "--prompts",
                write("prompts.jsonl", prompts)});
  }
  /// Of each prompt, then of all.
  static std::vector<json> records(const Ran& ran) {
    EXPECT_EQ(ran.code, 0) << ran.err;
    std::vector<json> out;
    std::istringstream lines(ran.out);
    for (std::string text; std::getline(lines, text);) {
      if (json record = json::parse(text); record.contains("test")) out.push_back(std::move(record));
    }
    return out;
  }
  void expect_refused(const Ran& ran, int code, const std::string& why) const {
    EXPECT_EQ(ran.code, code) << ran.err;
    EXPECT_THAT(ran.err, HasSubstr(why));
    testing::expect_one_line(ran.err);
  }
};

TEST_F(BenchPrompts, WhatIsSharedIsNeitherEncodedNorComputedAgain) {
  std::vector<json> talk = {said("system", "Be brief."), seen(first, "Look")};
  std::string prompts = line(talk);
  talk.push_back(said("assistant", "click"));
  talk.push_back(seen(second, "Again"));
  prompts += line(talk);
  talk.push_back(said("assistant", "done"));
  talk.push_back(seen(second, "Same"));
  prompts += line(talk);
  const std::vector<json> got = records(bench(prompts));
  ASSERT_EQ(got.size(), 4u);
  const auto all = [&](const char* key) {
    std::vector<int> values;
    for (const json& record : got) values.push_back(record[key]);
    return values;
  };
  EXPECT_EQ(all("image_rows"), (std::vector{8, 20, 32, 60}));
  EXPECT_EQ(all("encoded"), (std::vector{1, 1, 0, 2}));
  EXPECT_EQ(got[0]["computed"], got[0]["n"]);
  for (size_t i = 1; i < 3; ++i) EXPECT_LT(got[i]["computed"].get<int>(), got[i]["n"].get<int>()) << i;
  EXPECT_EQ(got[3]["tokens"], got[0]["n"].get<int>() + got[1]["n"].get<int>() + got[2]["n"].get<int>());
  EXPECT_GT(got[0]["encode_ms"], 0);
  EXPECT_GT(got[0]["ms"].get<double>(), got[0]["encode_ms"].get<double>());
  EXPECT_EQ(got[2]["encode_ms"], 0);
  EXPECT_GT(got[0]["decode_ms"], 0);
}

TEST_F(BenchPrompts, TheTemplateIsTheModels) {
  const Ran asked = run({"inspect", "-m", at("model"), "-t", "1", "-i", first, "--json", "Look"});
  ASSERT_EQ(asked.code, 0) << asked.err;
  EXPECT_EQ(records(bench(line({seen(first, "Look")}))).at(0)["n"], json::parse(asked.out)["ids"].size());
}

TEST_F(BenchPrompts, WordsMakeNoPlaceForAPicture) {
  const std::vector<json> got = records(bench(line({seen(first, "Not <|image_pad|> here")})));
  EXPECT_EQ(got.at(0)["image_rows"], 8);
}

TEST_F(BenchPrompts, IdsAndTextsNeedNoEyes) {
  const std::vector<json> got = records(bench("[20, 21, 22]\n" + line({said("user", "Hi")})));
  ASSERT_EQ(got.size(), 3u);
  EXPECT_EQ(got[0]["n"], 3);
  EXPECT_EQ(got[1]["encoded"], 0);
}

TEST_F(BenchPrompts, OtherFilesAreOneLine) {
  const std::string good = "[20]\n";
  expect_refused(bench(""), 3, "the file is empty");
  for (const char* text : {"[20", "7", "[]", "[1.5]", "{}", "{\"prompt\": []}", "[20, \"a\"]"}) {
    expect_refused(bench(good + text + "\n"), 3, "line 2");
  }
  expect_refused(bench("[20, 300]"), 3, "line 1: expected token ids below 300, got 300");
  expect_refused(bench("[-1]"), 3, "got -1");
  expect_refused(bench("[18446744073709551615]"), 3, "line 1");
  const char* messages[] = {"{}",
                            "[7]",
                            R"([{"role": "user"}])",
                            R"([{"role": 7, "content": "x"}])",
                            R"([{"role": "user", "content": [{"type": "image"}]}])",
                            R"([{"role": "user", "content": [{"type": "text"}]}])"};
  for (const char* text : messages) {
    expect_refused(bench(good + "{\"messages\": " + text + "}"), 3, "line 2: expected");
  }
  expect_refused(bench(line({seen(at("absent.png"), "x")})), 3, "absent.png");
  expect_refused(bench(line({seen(at("model"), "x")})), 3, at("model"));
}

TEST_F(BenchPrompts, TheModelMustBeAbleToTakeThem) {
  REQUIRE_TEST_DATA(blind, "stories260k/stories260K-f32.gguf");
  expect_refused(bench(line({seen(first, "x")}), blind), 2, "has no eyes");
  expect_refused(bench(line({said("user", "x")}), blind), 2, "no chat template");
}

}  // namespace
}  // namespace deskhand
