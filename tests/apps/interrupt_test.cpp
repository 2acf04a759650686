// The program from outside: Ctrl-C in every phase, a display that vanishes in mid-task, keys that must not stay
// pressed.

#include <gtest/gtest.h>
#include <signal.h>

#include <bitset>
#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "agent/trace.h"
#include "platform/private_display.h"
#include "platform/process.h"
#include "tests/support/test_data.h"

// Last: its macros spoil what follows.
#include <X11/Xlib.h>

namespace deskhand {
namespace {

using namespace std::chrono_literals;
using testing::TemporaryFolder;

constexpr int interrupted = 5, no_display = 4;

/// A throwaway desktop with a dialog on it.
class OnADesktop : public ::testing::Test {
 protected:
  void SetUp() override {
    display_ = std::make_unique<PrivateDisplay>(PrivateDisplayOptions{.width = 800, .height = 600});
    environment_ = display_->environment();
    environment_["XDG_DATA_HOME"] = (folder_.path() / "data").string();
    environment_["XDG_CONFIG_HOME"] = (folder_.path() / "config").string();
    dialog_ = std::make_unique<Process>(ProcessOptions{
        .argv = {"zenity", "--forms", "--title=Job", "--text=Apply", "--add-entry=City", "--add-entry=Street"},
        .environment = environment_,
        .output = Stream::null,
        .error = Stream::null});
    std::ofstream(folder_.path() / "policy.json")
        << R"({"default": "allow", "unlabelled": "allow", "terminal": "allow"})";
  }

  // `do` with uniform random choice, which needs no model file and acts without an end.
  std::unique_ptr<Process> start_do(const std::vector<std::string>& more) {
    std::vector<std::string> argv = {DESKHAND_PROGRAM,
                                     "do",
                                     "Fill in the form",
                                     "--approve",
                                     "auto",
                                     "--json",
                                     "--policy",
                                     (folder_.path() / "policy.json").string(),
                                     "--trace",
                                     trace().string(),
                                     "--max-steps",
                                     "500"};
    argv.insert(argv.end(), more.begin(), more.end());
    return std::make_unique<Process>(
        ProcessOptions{.argv = argv, .environment = environment_, .output = Stream::pipe, .error = Stream::pipe});
  }

  std::filesystem::path trace() const { return folder_.path() / "trace"; }

  // A signal before main() blocks it ends the process as the system does it: then there is no trace yet.
  bool is_orderly(std::optional<int> code) const {
    return code == interrupted || (code == 128 + SIGINT && !std::filesystem::exists(trace()));
  }

  // Which keys the X server believes pressed.
  std::bitset<256> pressed_keys() const {
    setenv("XAUTHORITY", environment_.at("XAUTHORITY").c_str(), 1);
    ::Display* display = XOpenDisplay(display_->name().c_str());
    EXPECT_NE(display, nullptr);
    char keys[32] = {};
    XQueryKeymap(display, keys);
    XCloseDisplay(display);
    std::bitset<256> pressed;
    for (size_t key = 0; key < 256; ++key) pressed[key] = (static_cast<unsigned char>(keys[key / 8]) >> (key % 8)) & 1;
    return pressed;
  }

  void expect_orderly_trace(const std::string& outcome) const {
    if (!std::filesystem::exists(trace())) return;  // it was stopped before the first record
    const TraceCheck check = check_trace(trace());
    EXPECT_TRUE(check.intact) << check.problem;
    EXPECT_NE(read_trace(trace()).back().dump().find(outcome), std::string::npos) << read_trace(trace()).back();
  }

  TemporaryFolder folder_;
  std::unique_ptr<PrivateDisplay> display_;
  std::unique_ptr<Process> dialog_;
  Environment environment_;
};

TEST_F(OnADesktop, CtrlCBetweenActionsEndsAtOnceWithTheKeyboardReleased) {
  const auto run = start_do({"--mind", "random", "--seed", "7"});
  ASSERT_TRUE(run->read_line(60s).has_value()) << "no first step";
  run->signal_group(SIGINT);
  EXPECT_EQ(run->wait(20s), interrupted);
  EXPECT_TRUE(pressed_keys().none());
  expect_orderly_trace("stopped");
}

TEST_F(OnADesktop, CtrlCAtAnyTimeEndsAtOnce) {
  for (const auto delay : {0ms, 20ms, 100ms, 400ms, 900ms, 1700ms}) {
    std::filesystem::remove_all(trace());
    const auto run = start_do({"--mind", "random", "--seed", "3"});
    std::this_thread::sleep_for(delay);
    run->signal_group(SIGINT);
    const auto code = run->wait(20s);
    EXPECT_TRUE(is_orderly(code)) << code.value_or(-1) << " after " << delay.count();
    EXPECT_TRUE(pressed_keys().none()) << delay.count();
    expect_orderly_trace("stopped");
  }
}

TEST_F(OnADesktop, CtrlCWhileTheModelThinks) {
  const auto models = testing::test_models_folder();
  if (!models || !std::filesystem::exists(*models / "smollm2-135m.gguf"))
    GTEST_SKIP() << "the model is not here: scripts/models smollm2-135m";
  for (const auto delay : {50ms, 300ms, 1000ms, 2500ms}) {
    std::filesystem::remove_all(trace());
    const auto run = start_do({"-m", (*models / "smollm2-135m.gguf").string()});
    std::this_thread::sleep_for(delay);
    run->signal_group(SIGINT);
    const auto code = run->wait(20s);
    EXPECT_TRUE(is_orderly(code)) << code.value_or(-1) << " after " << delay.count();
    EXPECT_TRUE(pressed_keys().none()) << delay.count();
    expect_orderly_trace("stopped");
  }
}

TEST_F(OnADesktop, CtrlCEndsWhatOnlyLooksOrLoads) {
  const auto models = testing::test_models_folder();
  if (!models || !std::filesystem::exists(*models / "qwen2.5-coder-0.5b.gguf"))
    GTEST_SKIP() << "the model is not here: scripts/models qwen2.5-coder-0.5b";
  const std::string model = (*models / "qwen2.5-coder-0.5b.gguf").string();
  const std::vector<std::vector<std::string>> commands = {{"bench", "-m", model},
                                                          {"ask", "-m", model, "Count to one thousand."},
                                                          {"inspect", "-m", model, "-n", "500", "Once"},
                                                          {"see"},
                                                          {"doctor"}};
  for (const std::vector<std::string>& command : commands) {
    for (const auto delay : {60ms, 250ms}) {
      std::vector<std::string> argv = {DESKHAND_PROGRAM};
      argv.insert(argv.end(), command.begin(), command.end());
      Process run({.argv = argv, .environment = environment_, .output = Stream::null, .error = Stream::null});
      std::this_thread::sleep_for(delay);
      const auto asked = std::chrono::steady_clock::now();
      run.signal_group(SIGINT);
      const auto code = run.wait(20s);
      const auto took = std::chrono::steady_clock::now() - asked;
      EXPECT_TRUE(code == interrupted || code == 128 + SIGINT || code == 0) << command[0] << ": " << code.value_or(-1);
      EXPECT_LT(took, 1500ms) << command[0] << " after " << delay.count();
    }
  }
}

TEST_F(OnADesktop, ADisplayThatVanishesIsExitFourAndTheTraceIsWhole) {
  const auto run = start_do({"--mind", "random", "--seed", "11"});
  ASSERT_TRUE(run->read_line(60s).has_value()) << "no first step";
  dialog_.reset();
  display_.reset();  // the server goes
  EXPECT_EQ(run->wait(30s), no_display);
  expect_orderly_trace("failed");
}

}  // namespace
}  // namespace deskhand
