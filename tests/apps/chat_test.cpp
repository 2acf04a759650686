// deskhand chat without a terminal: the session goes on after a failure, and the exit status tells of it.

#include <gmock/gmock.h>

#include "platform/process.h"
#include "tests/support/program.h"

namespace deskhand {
namespace {

using ::testing::HasSubstr;

class Chat : public testing::Program {
 protected:
  // Stories with a template that only says the text; a context of 64 tokens.
  ProcessResult chat(const std::string& input) const {
    return run_process(
        {.argv = {DESKHAND_PROGRAM, "chat", "-m", at("model.gguf"), "-c", "64", "--temp", "0", "--max-tokens", "4"},
         .input = Stream::pipe,
         .output = Stream::pipe,
         .error = Stream::pipe},
        {.timeout = std::chrono::seconds(60)}, input);
  }

  const std::string long_line_ = [] {
    std::string line;
    for (int i = 0; i < 100; ++i) line += "once upon a time ";
    return line + "\n";
  }();
};

TEST_F(Chat, TheExitStatusIsThatOfTheLastFailure) {
  REQUIRE_TEST_DATA(stories, "stories260k/stories260K-f32.gguf");
  testing::write_changed(stories, at("model.gguf"), "tokenizer.chat_template",
                         MetadataValue(std::string_view("{% for m in messages %}{{ m.content }}{% endfor %}")));
  const std::string save = "/save " + at("none/chat.json") + "\n";
  const std::vector<std::pair<std::string, int>> cases = {{"Hi\n", 0},
                                                          {long_line_ + "Hi\n", 6},
                                                          {save + "Hi\n", 3},
                                                          {long_line_ + save + "/exit\n", 3},
                                                          {save + long_line_, 6},
                                                          {"/save " + at("chat.json") + "\n", 0},
                                                          {"/fly\n", 2},
                                                          {"/save " + at("") + "\n", 3}};
  for (const auto& [input, code] : cases) {
    const ProcessResult ran = chat(input);
    EXPECT_EQ(ran.code, code) << input << ran.error;
    EXPECT_EQ(ran.output.empty(), input.find("Hi") == std::string::npos) << input << ran.output;
    EXPECT_THAT(ran.error, HasSubstr(code == 6 ? "/clear starts anew" : code != 0 ? "deskhand: " : ""));
  }
}

}  // namespace
}  // namespace deskhand
