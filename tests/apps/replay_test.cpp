// deskhand replay: a run on real applications, done once more; the dialog's own output is the oracle.

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "agent/agent.h"
#include "platform/private_display.h"
#include "platform/process.h"
#include "tests/support/test_data.h"

namespace deskhand {
namespace {

using namespace std::chrono_literals;
using testing::TemporaryFolder;

constexpr auto patience = 60s;
constexpr const char* allow = R"({"default": "allow", "password": "allow"})";

class Replay : public ::testing::Test {
 protected:
  Replay() : display_({.width = 800, .height = 600, .private_home = true}) {
    ::setenv("DBUS_SESSION_BUS_ADDRESS", display_.session_bus().c_str(), 1);
    environment_ = display_.environment();
    environment_["XDG_DATA_HOME"] = (folder_.path() / "data").string();
    environment_["XDG_CONFIG_HOME"] = (folder_.path() / "config").string();
  }
  void SetUp() override {
    if (open_accessibility(nullptr) == nullptr) GTEST_SKIP() << "needs an accessibility bus";
  }

  // A dialog that prints what it holds when OK is pressed; it is there when this returns.
  Process dialog(std::vector<std::string> more) const {
    std::vector<std::string> argv = {"zenity", "--title=Job", "--ok-label=OK"};
    argv.insert(argv.end(), more.begin(), more.end());
    Process started({.argv = argv, .environment = environment_, .output = Stream::pipe, .error = Stream::null});
    const auto desktop = open_x11_desktop(display_.x11_options());
    const auto bus = open_accessibility(nullptr);
    ScreenReader reader(bus.get(), nullptr);
    for (int looks = 0; looks < 200; ++looks) {
      if (!find_elements(reader.read(desktop->capture(), desktop->windows()), "OK").empty()) break;
      std::this_thread::sleep_for(100ms);
    }
    return started;
  }
  Process form() const { return dialog({"--forms", "--text=Apply", "--add-entry=City"}); }
  std::filesystem::path trace() const { return folder_.path() / "trace"; }
  std::string policy(const std::string& text) const {
    const auto path = folder_.path() / "policy.json";
    std::ofstream(path) << text;
    return path.string();
  }

  // The real run: told what to do, on the real desktop.
  Outcome record(const std::string& script, const Limits& limits = {}) {
    const auto desktop = open_x11_desktop(display_.x11_options());
    const auto bus = open_accessibility(nullptr);
    ScreenReader reader(bus.get(), nullptr);
    const auto mind = make_scripted_mind(std::vector<std::string>(5, script));  // asked again when a window shows late
    const Policy allow_all = Policy::parse(allow, "test");
    AbsentUser nobody;
    Trace record(trace());
    Agent agent({.mind = *mind,
                 .dialect = *find_dialect("script"),
                 .desktop = *desktop,
                 .read_screen = [&](const Image& image,
                                    std::span<const Window> windows) { return reader.read(image, windows); },
                 .policy = allow_all,
                 .user = nobody,
                 .approval = Approval::automatic,
                 .trace = &record});
    const Outcome outcome = agent.run("Put Oslo in the City field and press OK", limits, {});
    reason_ = outcome.reason;
    return outcome;
  }

  ProcessResult replay(std::vector<std::string> more) const {
    std::vector<std::string> argv = {DESKHAND_PROGRAM, "replay", trace().string()};
    argv.insert(argv.end(), more.begin(), more.end());
    return run_process({.argv = argv, .environment = environment_, .output = Stream::pipe, .error = Stream::pipe},
                       {.timeout = patience});
  }

  TemporaryFolder folder_;
  PrivateDisplay display_;
  Environment environment_;
  std::string reason_;  ///< why the last record() did not end well
};

constexpr const char* script = "fill(\"City\", \"Oslo\")\nclick(\"OK\")\ndone(\"sent\")";

TEST_F(Replay, ARunIsDoneOnceMoreWithoutAModel) {
  Process first = form();
  const Outcome outcome = record(script);
  ASSERT_EQ(outcome.status, Outcome::Status::done) << outcome.reason;
  ASSERT_EQ(first.read_line(patience), "Oslo");
  ASSERT_TRUE(first.wait(patience).has_value());  // its window is gone

  Process second = form();
  const ProcessResult ran = replay({"--execute", "--approve", "auto", "--policy", policy(allow), "--json", "--trace",
                                    (folder_.path() / "again").string()});
  ASSERT_EQ(ran.code, 0) << ran.output << ran.error;
  EXPECT_EQ(second.read_line(patience), "Oslo") << ran.output;
  const auto end = nlohmann::json::parse(ran.output.substr(ran.output.rfind("\n{") + 1));
  EXPECT_EQ(end["outcome"], "done");
  EXPECT_EQ(end["asked"], 0);
  EXPECT_TRUE(check_trace(folder_.path() / "again").intact);
  EXPECT_EQ(read_trace(folder_.path() / "again").front()["mind"], "replay of " + trace().string());
}

TEST_F(Replay, ThePolicyJudgesAnew) {
  const Process first = form();
  ASSERT_EQ(record(script).status, Outcome::Status::done) << reason_;
  Process second = form();
  const ProcessResult ran = replay(
      {"--execute", "--approve", "auto", "--policy",
       policy(R"({"default": "allow", "rules": [{"verdict": "deny", "reason": "not today", "words": ["ok"]}]})")});
  EXPECT_EQ(ran.code, 1) << ran.error;
  EXPECT_NE(ran.error.find("not today"), std::string::npos) << ran.error;
  EXPECT_TRUE(second.running()) << "the form was sent";
}

TEST_F(Replay, WithoutTheWindowItFailsAndSaysWhich) {
  {
    const Process first = form();
    ASSERT_EQ(record(script).status, Outcome::Status::done) << reason_;
  }
  const Process other = dialog({"--info", "--text=Hello"});
  const ProcessResult ran = replay({"--execute", "--approve", "auto", "--policy", policy(allow)});
  EXPECT_EQ(ran.code, 1) << ran.error;
  EXPECT_NE(ran.error.find("City"), std::string::npos) << ran.error;
}

TEST_F(Replay, ADryRunCanBeCarriedOut) {
  Process job = form();
  ASSERT_EQ(record(script, {.dry_run = true}).status, Outcome::Status::done) << reason_;
  EXPECT_TRUE(job.running());
  const ProcessResult dry = replay({"--execute", "--dry-run", "--approve", "auto", "--policy", policy(allow)});
  EXPECT_EQ(dry.code, 0) << dry.error;
  EXPECT_TRUE(job.running());
  const ProcessResult ran = replay({"--execute", "--approve", "auto", "--policy", policy(allow)});
  EXPECT_EQ(ran.code, 0) << ran.error;
  EXPECT_EQ(job.read_line(patience), "Oslo") << ran.error;
}

TEST_F(Replay, AChangedTraceIsNotExecuted) {
  Process job = form();
  ASSERT_EQ(record(script, {.dry_run = true}).status, Outcome::Status::done) << reason_;
  std::string text = testing::read_file(trace() / "trace.jsonl");
  text.replace(text.find("Oslo\\\")"), 4, "Rome");
  std::ofstream(trace() / "trace.jsonl", std::ios::binary | std::ios::trunc) << text;
  const ProcessResult ran = replay({"--execute", "--approve", "auto", "--policy", policy(allow)});
  EXPECT_EQ(ran.code, 1) << ran.error;
  EXPECT_NE(ran.error.find("nothing was done"), std::string::npos) << ran.error;
  EXPECT_TRUE(job.running());
}

TEST_F(Replay, ASecretThatTheTraceDoesNotKeepIsNotTyped) {
  Process form = dialog({"--forms", "--text=Apply", "--add-password=Code"});
  ASSERT_EQ(record("fill(\"Code\", \"1234\")\nclick(\"OK\")\ndone(\"sent\")").status, Outcome::Status::done) << reason_;
  ASSERT_EQ(form.read_line(patience), "1234");
  const ProcessResult ran = replay({"--execute", "--policy", policy(allow)});
  EXPECT_EQ(ran.code, 1);
  EXPECT_NE(ran.error.find("secret"), std::string::npos) << ran.error;
}

TEST_F(Replay, OptionsOfARunNeedExecute) {
  EXPECT_EQ(replay({"--approve", "auto"}).code, 2);
  EXPECT_EQ(replay({"--execute", "--html", "page.html"}).code, 2);
}

}  // namespace
}  // namespace deskhand
