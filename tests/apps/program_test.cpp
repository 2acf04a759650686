// The command line's promises: exit codes, one line per error, JSON that machines can read.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <ios>
#include <nlohmann/json.hpp>

#include "apps/cli/command.h"
#include "apps/cli/failure.h"
#include "apps/cli/printable.h"
#include "tests/support/hub_server.h"
#include "tests/support/program.h"

namespace deskhand {
namespace {

using testing::expect_one_line;
using testing::Program;
using testing::Ran;
using testing::run;

TEST_F(Program, EveryCommandHasHelpWithExamples) {
  ASSERT_GE(commands().size(), 9u);
  for (const Command* command : commands()) {
    const Ran ran = run({std::string(command->name), "--help"});
    EXPECT_EQ(ran.code, 0) << command->name;
    EXPECT_NE(ran.out.find("Examples:"), std::string::npos) << command->name;
    EXPECT_NE(ran.out.find("deskhand " + std::string(command->name)), std::string::npos) << command->name;
  }
}

TEST_F(Program, BadUsageIsExitTwo) {
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {}, {"fly"}, {"see", "--no-such-option"}, {"do"}, {"ask", "question", "--temp", "hot"}, {"inspect"}}) {
    const Ran ran = run(arguments);
    EXPECT_EQ(ran.code, 2) << ran.err;
    expect_one_line(ran.err);
    EXPECT_EQ(ran.out, "");
  }
}

TEST_F(Program, ErrorsHaveNoControlCharacters) {
  const Ran ran = run({"models", "info", "x\x1b]0;y\x07\nz.gguf"});
  EXPECT_NE(ran.code, 0);
  expect_one_line(ran.err);
  EXPECT_EQ(ran.err.find('\x1b'), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find("z.gguf"), std::string::npos) << ran.err;
}

TEST_F(Program, AnUnknownCommandIsNamed) {
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"nosuch"},
                                                    {"-v", "nosuch", "--json"},
                                                    {"models", "nosuch"},
                                                    {"models", "-v", "nosuch", "x"}}) {
    const Ran ran = run(arguments);
    EXPECT_EQ(ran.code, 2);
    expect_one_line(ran.err);
    EXPECT_NE(ran.err.find("\"nosuch\""), std::string::npos) << ran.err;
  }
}

TEST_F(Program, WithoutAModelItSaysHowToGetOne) {
  const Ran ran = run({"ask", "hello"});
  EXPECT_EQ(ran.code, 2);
  expect_one_line(ran.err);
  EXPECT_NE(ran.err.find("scripts/models"), std::string::npos) << ran.err;
}

TEST_F(Program, AModelThatCannotBeReadIsExitThree) {
  const std::string text = write("text.gguf", "this is no model\n");
  const std::string empty = write("empty.gguf", "");
  for (const std::string& path : {text, empty, (folder_.path() / "absent.gguf").string()}) {
    const Ran ran = run({"ask", "-m", path, "hello"});
    EXPECT_EQ(ran.code, 3) << ran.err;
    expect_one_line(ran.err);
    EXPECT_NE(ran.err.find(path), std::string::npos) << ran.err;
  }
}

TEST_F(Program, ATruncatedModelIsExitThree) {
  REQUIRE_TEST_DATA(model, "stories260k/stories260K-f32.gguf");
  const std::string whole = testing::read_file(model);
  for (const size_t size : {whole.size() / 100, whole.size() / 2, whole.size() - 4096}) {
    const std::string path = write("truncated.gguf", whole.substr(0, size));
    const Ran ran = run({"ask", "-m", path, "hello"});
    EXPECT_EQ(ran.code, 3) << ran.err;
    expect_one_line(ran.err);
  }
}

TEST_F(Program, AModelThatWasNotPulledIsExitThreeAndNamesTheCommand) {
  const Ran ran = run({"ask", "-m", "hf:org/name:Q8_0", "hello"});
  EXPECT_EQ(ran.code, 3);
  expect_one_line(ran.err);
  EXPECT_NE(ran.err.find("deskhand models pull hf:org/name:Q8_0"), std::string::npos) << ran.err;
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"ask", "-m", "hf:name", "hello"}, {"models", "pull", "hf:../name"}, {"models", "pull", "name"}}) {
    EXPECT_EQ(run(arguments).code, 2);
  }
  setenv("HF_HUB_OFFLINE", "1", 1);
  EXPECT_EQ(run({"models", "pull", "hf:org/name"}).code, 3);
  unsetenv("HF_HUB_OFFLINE");
}

TEST_F(Program, ModelsArePulledListedAndOpened) {
  REQUIRE_TEST_DATA(model, "stories260k/stories260K-f32.gguf");
  const testing::HubServerProcess hub;
  hub.add("org/stories", "stories-f32.gguf", testing::read_file(model));
  hub.add("org/stories", "README.md", "---\nlicense: mit\n---\n");
  hub.say("org/stories", R"({"license": "mit"})");
  setenv("HF_ENDPOINT", hub.endpoint().c_str(), 1);
  const Ran pulled = run({"models", "pull", "hf:org/stories", "--json"});
  unsetenv("HF_ENDPOINT");
  ASSERT_EQ(pulled.code, 0) << pulled.err;
  EXPECT_NE(pulled.err.find("licence mit; 1 MB in 2 files"), std::string::npos) << pulled.err;
  const auto result = nlohmann::json::parse(pulled.out);
  EXPECT_EQ(result["files"][0]["path"], "stories-f32.gguf");

  const auto list = nlohmann::json::parse(run({"models", "list", "--json"}).out);
  ASSERT_EQ(list.size(), 1u) << list;
  EXPECT_EQ(list[0]["model"], "hf:org/stories:stories-f32.gguf");
  EXPECT_EQ(list[0]["path"], result["path"]);
  EXPECT_EQ(list[0]["license"], "mit");
  EXPECT_EQ(list[0]["types"], "F32 48");
  const Ran info = run({"models", "info", "hf:org/stories", "--json"});
  ASSERT_EQ(info.code, 0) << info.err;
  EXPECT_EQ(nlohmann::json::parse(info.out)["license"], "mit");
}

TEST_F(Program, AModelIsQuantisedAndItsPerplexityMeasured) {
  REQUIRE_TEST_DATA(model, "stories260k/stories260K-f32.gguf");
  const std::string path = (folder_.path() / "q8.gguf").string();
  const Ran quantised = run({"models", "quantize", model.string(), path, "Q8_0", "--json"});
  ASSERT_EQ(quantised.code, 0) << quantised.err;
  EXPECT_EQ(nlohmann::json::parse(quantised.out)["types"]["Q8_0"], 32) << quantised.out;
  EXPECT_EQ(run({"models", "quantize", path, at("q4.gguf"), "Q4_0"}).code, 3);
  EXPECT_EQ(run({"models", "quantize", model.string(), path, "Q9"}).code, 2);
  const std::string text =
      write("text.txt", "Once upon a time, there was a little girl named Lily. She loved to play.");
  const Ran ran = run({"perplexity", "-m", path, "--window", "16", text, "--json"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  const auto result = nlohmann::json::parse(ran.out);
  EXPECT_EQ(result["scored"].get<int>(), result["windows"].get<int>() * 7);
  EXPECT_LT(result["perplexity"].get<double>(), 20.0);
  EXPECT_EQ(run({"perplexity", "-m", path, text}).code, 2) << "shorter than a window";
  EXPECT_EQ(run({"perplexity", "-m", path, "none.txt"}).code, 3);
}

TEST_F(Program, PerplexityScoresSomethingOrSaysWhyNot) {
  REQUIRE_TEST_DATA(stories, "stories260k/stories260K-f32.gguf");
  const std::string model = at("short.gguf");
  testing::write_changed(stories, model, "llama.context_length", MetadataValue(uint64_t{32}));
  std::string story;
  for (int i = 0; i < 20; ++i) story += "Once upon a time, there was a little girl named Lily. ";
  const std::string text = write("text.txt", story);
  const auto window_of = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"perplexity", "-m", model, text, "--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Ran ran = run(arguments);
    EXPECT_EQ(ran.code, 0) << ran.err;
    const auto result = nlohmann::json::parse(ran.out);
    EXPECT_GT(result["scored"].get<int>(), 0);
    EXPECT_GT(result["perplexity"].get<double>(), 1.0);
    return result["window"].get<int>();
  };
  EXPECT_EQ(window_of({}), 32) << "what the model was trained for";
  EXPECT_EQ(window_of({"-c", "16"}), 16);
  EXPECT_EQ(window_of({"-c", "1024"}), 32);
  EXPECT_EQ(window_of({"--window", "3"}), 3);

  const auto refused = [&](const std::vector<std::string>& arguments, int code, const std::string& part) {
    const Ran ran = run(arguments);
    EXPECT_EQ(ran.code, code) << ran.err;
    expect_one_line(ran.err);
    EXPECT_NE(ran.err.find(part), std::string::npos) << ran.err;
  };
  refused({"perplexity", "-m", model, text, "--window", "2"}, 2, "--window");
  refused({"perplexity", "-m", model, text, "-c", "2"}, 2, "2 tokens scores none");
  refused({"perplexity", "-m", model, write("few.txt", "Once")}, 2, "few.txt: has");
  refused({"perplexity", "-m", model, write("none.txt", "")}, 2, "none.txt: has");
  refused({"perplexity", "-m", model,
           write("latin.txt",
                 "zwei Stra\xdf"
                 "en")},
          3, "latin.txt: expected UTF-8, got something else at byte 9");
}

TEST_F(Program, ADirectoryInPlaceOfAFileIsExitThreeAndNamed) {
  const std::string directory = at("");
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"perplexity", "-m", "x.gguf", directory},
                                             {"inspect", "--template", directory, "--messages", directory},
                                             {"do", "task", "--mind", "random", "--policy", directory}}) {
    const Ran ran = run(arguments);
    EXPECT_EQ(ran.code, 3) << ran.err;
    expect_one_line(ran.err);
    EXPECT_NE(ran.err.find(directory + " cannot be read: Is a directory"), std::string::npos) << ran.err;
  }
}

TEST(Failure, ErrorsOfTheCppLibraryAreSaidInOurWords) {
  const auto text_of = [](const auto& error) {
    try {
      throw error;
    } catch (const std::exception&) {
      const Failure failure = current_failure();
      EXPECT_EQ(failure.status, ExitStatus::unreadable);
      return failure.text;
    }
  };
  const auto code = std::make_error_code(std::errc::permission_denied);
  EXPECT_EQ(text_of(std::filesystem::filesystem_error("cannot copy", "a/b", code)), "a/b: Permission denied");
  EXPECT_EQ(text_of(std::ios_base::failure("basic_filebuf::underflow", code)),
            "a file cannot be read or written: Permission denied");
}

TEST_F(Program, NoDisplayIsExitFour) {
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"see"}, {"see", "--display", ":4711"}, {"do", "press OK", "-m", "x.gguf"}}) {
    const Ran ran = run(arguments);
    EXPECT_EQ(ran.code, 4) << ran.err;
    expect_one_line(ran.err);
  }
}

TEST_F(Program, APictureThatIsNoneIsExitThree) {
  const Ran ran = run({"see", write("picture.png", "not a picture")});
  EXPECT_EQ(ran.code, 3) << ran.err;
  expect_one_line(ran.err);
}

TEST_F(Program, DoctorWorksEverywhereAndSpeaksJson) {
  const Ran ran = run({"doctor", "--json"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  const auto report = nlohmann::json::parse(ran.out);
  bool screen_is_missing = false;
  for (const auto& finding : report) {
    if (finding["part"] == "screen") screen_is_missing = !finding["works"] && finding["remedy"] != "";
  }
  EXPECT_TRUE(screen_is_missing) << ran.out;
}

TEST_F(Program, ModelsInfoCountsTheParameters) {
  REQUIRE_TEST_DATA(model, "stories260k/stories260K-f32.gguf");
  const Ran ran = run({"models", "info", model.string(), "--json"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  const auto info = nlohmann::json::parse(ran.out);
  EXPECT_EQ(info["family"], "llama");
  EXPECT_EQ(info["layers"], 5);
  EXPECT_EQ(info["heads"], 8);
  EXPECT_EQ(info["kv_heads"], 4);
  EXPECT_EQ(info["vocabulary"], 512);
}

TEST_F(Program, InspectRendersATemplateWithoutAModel) {
  const std::string source = write("chat.jinja", "{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}");
  const std::string messages = write("messages.json", R"([{"role": "user", "content": "hi"}])");
  const Ran ran = run({"inspect", "--template", source, "--messages", messages});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "[user] hi\n");

  const std::string raising = write("raise.jinja", "{{ raise_exception('roles must alternate') }}");
  const Ran raised = run({"inspect", "--template", raising, "--messages", messages});
  EXPECT_EQ(raised.code, 1);
  EXPECT_NE(raised.err.find("roles must alternate"), std::string::npos);
}

TEST_F(Program, InspectStoryGoesOnAsItMust) {
  REQUIRE_TEST_DATA(model, "stories260k/stories260K-f32.gguf");
  const Ran ran = run({"inspect", "-m", model.string(), "--ids", "1", "-n", "16", "--kv", "f32", "--json"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  const auto result = nlohmann::json::parse(ran.out);
  EXPECT_EQ(result["logits"].size(), 512u);
  EXPECT_EQ(result["greedy_ids"].size(), 16u);
  EXPECT_EQ(result["greedy_text"].get<std::string>().rfind("Once upon a time, there was a little girl", 0), 0u)
      << ran.out;
}

TEST_F(Program, AskStreamsJsonForMachines) {
  REQUIRE_TEST_DATA(model, "stories260k/stories260K-f32.gguf");
  const Ran ran = run({"ask", "-m", model.string(), "--temp", "0", "--max-tokens", "8", "--json", "Once upon a time"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  const auto reply = nlohmann::json::parse(ran.out);
  EXPECT_EQ(reply["usage"]["completion_tokens"], 8);
  EXPECT_FALSE(reply["text"].get<std::string>().empty());
}

TEST(Printable, EscapeSequencesAreShownNotObeyed) {
  EXPECT_EQ(printable("a\x1b[2Jb"), "a\\x1b[2Jb");
  EXPECT_EQ(printable("a\nb"), "a\\x0ab");
  EXPECT_EQ(printable("a\nb", true), "a\nb");
  EXPECT_EQ(printable("\xC2\x9B"
                      "2J"),
            "\\x9b2J");
  EXPECT_EQ(printable("zażółć 🙂"), "zażółć 🙂");
}

}  // namespace
}  // namespace deskhand
