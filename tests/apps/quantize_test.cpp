// deskhand models quantize: where it writes, where it refuses to, and what it leaves.

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "core/model_file.h"
#include "platform/process.h"
#include "tests/support/folders.h"
#include "tests/support/program.h"

namespace deskhand {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::names_in;
using testing::Ran;
using testing::read_file;
using testing::run;

constexpr const char* checkpoint = "tests/core/fixtures/tiny_llama_tied_llama3.gguf";

class Quantize : public testing::Program {
 protected:
  void SetUp() override {
    Program::SetUp();
    fs::copy_file(checkpoint, at("in.gguf"));
  }

  // Refused as bad usage, in one line, with the folder as it was.
  void expect_refused(const std::string& in, const std::string& out, const std::string& reason) const {
    const std::vector<std::string> before = names_in(folder_.path());
    const Ran ran = run({"models", "quantize", in, out, "F16"});
    EXPECT_EQ(ran.code, 2) << out << ": " << ran.err;
    testing::expect_one_line(ran.err);
    EXPECT_THAT(ran.err, HasSubstr(reason));
    EXPECT_EQ(names_in(folder_.path()), before);
  }
};

TEST_F(Quantize, WhatIsNoFileIsRefused) {
  ASSERT_EQ(::mkfifo(at("pipe").c_str(), 0600), 0);
  fs::create_symlink("/dev/null", at("device"));
  fs::create_directory(at("directory"));
  expect_refused(at("in.gguf"), at("pipe"), "is a pipe");
  expect_refused(at("in.gguf"), at("device"), "is a device");
  expect_refused(at("in.gguf"), at("directory"), "is a directory");
  expect_refused(at("in.gguf"), at("none/"), "ends in '/'");
  expect_refused(at("in.gguf"), "", "is empty");
  expect_refused(at("in.gguf"), "-", "stdout");
  expect_refused(at("absent.gguf"), at("directory"), "is a directory");
}

TEST_F(Quantize, TheModelThatIsReadIsNotOverwritten) {
  fs::create_hard_link(at("in.gguf"), at("hard.gguf"));
  fs::create_symlink("in.gguf", at("soft.gguf"));
  for (const char* name : {"in.gguf", "hard.gguf", "soft.gguf"}) expect_refused(at("in.gguf"), at(name), "IN itself");
  expect_refused(at("soft.gguf"), at("in.gguf"), "IN itself");
  EXPECT_EQ(read_file(at("in.gguf")), read_file(checkpoint));
}

TEST_F(Quantize, ADirectoryThatIsReadIsLeftAlone) {
  for (const auto& entry : fs::directory_iterator("tests/core/fixtures")) {
    if (!fs::exists(entry.path() / "model.safetensors")) continue;
    fs::copy(entry.path(), at("model"), fs::copy_options::recursive);
    break;
  }
  ASSERT_TRUE(fs::exists(at("model")));
  fs::create_directory(at("model/below"));
  fs::create_directory_symlink("model", at("way"));
  fs::create_hard_link(at("model/model.safetensors"), at("weights"));
  for (const char* out : {"model/new.gguf", "model/below/new.gguf", "way/new.gguf", "model/none/../new.gguf"}) {
    expect_refused(at("model"), at(out), "lies inside IN");
    expect_refused(at("way"), at(out), "lies inside IN");
  }
  expect_refused(at("model"), at("weights"), "is a file of IN, model.safetensors");
  EXPECT_EQ(run({"models", "quantize", at("model"), at("out.gguf"), "F16"}).code, 0);
}

TEST_F(Quantize, AnEmptyNameIsNotTheUsualModel) {
  const std::string out = at("out.gguf");
  setenv("DESKHAND_MODEL", checkpoint, 1);
  expect_refused("", out, "IN: is empty");
  unsetenv("DESKHAND_MODEL");
  expect_refused("", out, "IN: is empty");
  EXPECT_THAT(run({"models", "quantize", "", out, "F16"}).err, ::testing::Not(HasSubstr("-m")));
}

TEST_F(Quantize, FilesBesideItAreNotTouched) {
  std::ofstream(at("victim")) << "precious";
  fs::create_symlink("victim", at("out.gguf.part"));
  std::ofstream(at("out2.gguf.part")) << "mine";
  for (const char* name : {"out.gguf", "out2.gguf"}) {
    const Ran ran = run({"models", "quantize", at("in.gguf"), at(name), "f16", "--json"});
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_EQ(nlohmann::json::parse(ran.out)["type"], "F16");
    EXPECT_TRUE(fs::is_regular_file(fs::symlink_status(at(name))));
  }
  EXPECT_EQ(read_file(at("victim")), "precious");
  EXPECT_EQ(read_file(at("out2.gguf.part")), "mine");
  EXPECT_THAT(names_in(folder_.path()),
              ElementsAre("in.gguf", "out.gguf", "out.gguf.part", "out2.gguf", "out2.gguf.part", "victim"));
}

TEST_F(Quantize, TwoAtOnceEachWriteAWholeFile) {
  const auto one = [&](const char* type, const std::string& out) {
    const Ran ran = run({"models", "quantize", at("in.gguf"), out, type});
    EXPECT_EQ(ran.code, 0) << ran.err;
  };
  one("F16", at("half"));
  one("BF16", at("brain"));
  for (int round = 0; round < 20; ++round) {
    {
      std::jthread other([&] { one("F16", at("out")); });
      one("BF16", at("out"));
    }
    const std::string out = read_file(at("out"));
    EXPECT_TRUE(out == read_file(at("half")) || out == read_file(at("brain")));
  }
  EXPECT_THAT(names_in(folder_.path()), ElementsAre("brain", "half", "in.gguf", "out"));
}

TEST_F(Quantize, TheLimitOfAFilesSizeIsExitSix) {
  const ProcessResult ran = run_process({.argv = {"sh", "-c", "ulimit -f 8; exec \"$@\"", "sh", DESKHAND_PROGRAM,
                                                  "models", "quantize", at("in.gguf"), at("out.gguf"), "F16"},
                                         .output = Stream::pipe,
                                         .error = Stream::pipe},
                                        {.timeout = std::chrono::seconds(60)});
  EXPECT_EQ(ran.code, 6) << ran.error;
  testing::expect_one_line(ran.error);
  EXPECT_THAT(ran.error, HasSubstr("out.gguf: reached the largest size"));
  EXPECT_THAT(names_in(folder_.path()), ElementsAre("in.gguf"));
}

}  // namespace
}  // namespace deskhand
