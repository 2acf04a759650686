// deskhand inspect --dialect: replies of the shared vectors through the program, and what is refused.

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "agent/dialect.h"
#include "apps/inspect/dialect_reply.h"
#include "platform/process.h"
#include "tests/support/dialect_replies.h"
#include "tests/support/program.h"

namespace deskhand {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using testing::Ran;
using testing::run;
using Words = std::vector<std::string>;

std::string written(const Extent& size) {
  return std::to_string(size.width) + "x" + std::to_string(size.height);
}

class DialectReply : public testing::Program {
 protected:
  Words inspect(const std::string& dialect, const ViewSizes& sizes, const std::string& reply) const {
    return {"inspect",  "--dialect",           dialect,   "--frame", written(sizes.frame),
            "--screen", written(sizes.screen), "--reply", reply};
  }
  Words usual() const { return inspect("qwen35", {{1920, 1088}, {1920, 1080}}, write("reply.txt", click_)); }
  static Words with(Words words, const Words& more) {
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  void expect_refused(const Words& words, int code, const std::string& why) const {
    const Ran ran = run(words);
    EXPECT_EQ(ran.code, code) << ran.err;
    EXPECT_THAT(ran.err, HasSubstr(why));
    EXPECT_EQ(ran.out, "");
    testing::expect_one_line(ran.err);
  }

  const std::string click_ =
      "Action: Click.\n<tool_call>\n<function=computer_use>\n<parameter=action>\nleft_click\n</parameter>\n"
      "<parameter=coordinate>\n[491, 91]\n</parameter>\n</function>\n</tool_call>";
};

TEST_F(DialectReply, EveryVectorIsReadAsWrittenThere) {
  REQUIRE_TEST_DATA(file, "dialects/vectors.jsonl");
  int replies = 0;
  for (const testing::DialectVector& vector : testing::dialect_vectors(file)) {
    SCOPED_TRACE(vector.dialect + ": " + vector.note + "\n" + vector.reply);
    const Ran ran = run(with(inspect(vector.dialect, vector.sizes, write("reply.txt", vector.reply)), {"--json"}));
    const json expected = vector.fault.empty() ? json{{"actions", vector.actions}} : json{{"error", vector.fault}};
    EXPECT_EQ(json::parse(ran.out, nullptr, false), expected) << ran.out << ran.err;
    EXPECT_EQ(ran.code, vector.fault.empty() ? 0 : 1);
    if (vector.fault.empty()) {
      EXPECT_EQ(ran.err, "");
    } else {
      testing::expect_one_line(ran.err);
    }
    ++replies;
  }
  EXPECT_EQ(replies, 181);
}

TEST_F(DialectReply, PeopleGetALineForEachAction) {
  EXPECT_EQ(run(usual()).out, "left_click {\"coordinate\":[943,98]}\n");
  const std::string two =
      "<|tool_call>call:type{text:<|\"|>a\x1b[2J<|\"|>}<tool_call|><|tool_call>call:wait{duration:1}<tool_call|>";
  const Ran ran = run(inspect("gemma4", {{960, 540}, {1920, 1080}}, write("two.txt", two)));
  EXPECT_EQ(ran.out, "type {\"text\":\"a\\u001b[2J\"}\nwait {\"duration\":1}\n") << ran.err;
  const Ran nothing = run(inspect("hermes", {{960, 540}, {1920, 1080}}, write("none.txt", "Well.")));
  EXPECT_EQ(nothing.code, 1);
  EXPECT_EQ(nothing.out, "");
  EXPECT_THAT(nothing.err, HasSubstr("no_action: "));
  testing::expect_one_line(nothing.err);
}

TEST_F(DialectReply, AReplyComesFromStdin) {
  const auto piped = [&](const std::string& input) {
    Words words = inspect("qwen35", {{1920, 1088}, {1920, 1080}}, "-");
    words.insert(words.begin(), DESKHAND_PROGRAM);
    return run_process({.argv = words, .input = Stream::pipe, .output = Stream::pipe, .error = Stream::pipe},
                       {.timeout = std::chrono::seconds(60)}, input);
  };
  EXPECT_EQ(piped(click_).output, "left_click {\"coordinate\":[943,98]}\n");
  const ProcessResult large = piped(std::string(longest_reply + 1, 'a'));
  EXPECT_EQ(large.code, 3);
  EXPECT_THAT(large.error, HasSubstr("--reply -: expected a reply of at most 1048576 bytes"));
}

TEST_F(DialectReply, BadUsageIsOneLine) {
  const std::string reply = write("reply.txt", click_);
  expect_refused({"inspect", "--dialect", "klingon", "--reply", reply}, 2, "klingon");
  for (const Dialect* dialect : all_dialects()) {
    expect_refused({"inspect", "--dialect", "klingon"}, 2, std::string(dialect->name));
  }
  expect_refused({"inspect", "--dialect", "qwen35"}, 2, "--dialect needs --frame WxH, --screen WxH, --reply FILE");
  expect_refused({"inspect", "--dialect", "qwen35", "--reply", reply, "--frame", "1x1"}, 2,
                 "--dialect needs --screen WxH");
  expect_refused({"inspect", "--frame", "1x1", "x"}, 2, "--dialect");
  for (const char* size : {"", "x", "1920", "1920x", "x1080", "0x5", "5x0", "-1x5", "1920x1080x3", "1920X1080", " 5x5",
                           "5x 5", "1e3x5", "524289x5", "99999999999999999999x5"}) {
    expect_refused({"inspect", "--dialect", "qwen35", "--reply", reply, "--screen", "9x9", "--frame", size}, 2,
                   "--frame: must be WxH, as in 1920x1080, each from 1 to 524288, got '" + std::string(size) + "'");
  }
}

TEST_F(DialectReply, AFileThatCannotBeReadIsNamed) {
  const ViewSizes sizes{{1920, 1088}, {1920, 1080}};
  expect_refused(inspect("qwen35", sizes, at("absent.txt")), 3, "absent.txt cannot be read: No such file");
  expect_refused(inspect("qwen35", sizes, at("")), 3, "Is a directory");
  expect_refused(inspect("qwen35", sizes, write("large.txt", std::string(longest_reply + 1, 'a'))), 3,
                 "large.txt: expected a reply of at most 1048576 bytes");
}

}  // namespace
}  // namespace deskhand
