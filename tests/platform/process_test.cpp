#include "platform/process.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>
#include <thread>

#include "platform/process_info.h"
#include "tests/support/test_data.h"

namespace deskhand {
namespace {

using namespace std::chrono_literals;

TEST(Process, CollectsOutputErrorAndCode) {
  const ProcessResult r = run_process(
      {.argv = {"sh", "-c", "cat; echo bad >&2; exit 3"}, .output = Stream::pipe, .error = Stream::pipe}, {}, "in\n");
  EXPECT_EQ(r.output, "in\n");
  EXPECT_EQ(r.error, "bad\n");
  EXPECT_EQ(r.code, 3);
  EXPECT_FALSE(r.timed_out);
}

TEST(Process, ArgumentsAreNotWordsOfAShell) {
  const ProcessResult r =
      run_process({.argv = {"printf", "%s|", "a b", "$HOME", "*", "; true"}, .output = Stream::pipe}, {});
  EXPECT_EQ(r.output, "a b|$HOME|*|; true|");
}

TEST(Process, BigInputAndOutputDoNotBlockEachOther) {
  const std::string big(3 << 20, 'x');
  const ProcessResult r = run_process({.argv = {"cat"}, .output = Stream::pipe}, {}, big);
  EXPECT_EQ(r.output.size(), big.size());
  const ProcessResult cut = run_process({.argv = {"cat"}, .output = Stream::pipe}, {.most_output = 1000}, big);
  EXPECT_EQ(cut.output.size(), 1000U);
  EXPECT_TRUE(cut.truncated);
  EXPECT_EQ(run_process({.argv = {"true"}}, {}, big).code, 0) << "nobody reads the input: no SIGPIPE";
}

TEST(Process, EnvironmentAndFolderAreTheGivenOnes) {
  const testing::TemporaryFolder folder;
  const ProcessResult r = run_process({.argv = {"sh", "-c", "pwd; env"},
                                       .environment = Environment{{"ONLY", "this"}, {"PATH", "/usr/bin:/bin"}},
                                       .folder = folder.path(),
                                       .output = Stream::pipe},
                                      {});
  EXPECT_EQ(r.output.substr(0, r.output.find('\n')), std::filesystem::canonical(folder.path()).string());
  EXPECT_NE(r.output.find("ONLY=this\n"), std::string::npos);
  EXPECT_EQ(r.output.find("HOME="), std::string::npos);
}

TEST(Process, TimeAndStopEndTheWholeGroup) {
  const testing::TemporaryFolder folder;
  const std::string file = (folder.path() / "pid").string();
  const auto before = std::chrono::steady_clock::now();
  const ProcessResult r = run_process(
      {.argv = {"sh", "-c", "sleep 100 & echo $! > \"$0\"; wait", file}, .output = Stream::pipe}, {.timeout = 300ms});
  EXPECT_TRUE(r.timed_out);
  EXPECT_LT(std::chrono::steady_clock::now() - before, 10s);
  int grandchild = 0;
  std::ifstream(file) >> grandchild;
  ASSERT_GT(grandchild, 0);
  for (int i = 0; i < 500 && process_state(grandchild) != '\0' && process_state(grandchild) != 'Z'; ++i) {
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_TRUE(process_state(grandchild) == '\0' || process_state(grandchild) == 'Z');

  std::stop_source stop;
  std::jthread stopper([&] {
    std::this_thread::sleep_for(100ms);
    stop.request_stop();
  });
  EXPECT_TRUE(run_process({.argv = {"sleep", "100"}}, {.timeout = 60s, .stop = stop.get_token()}).timed_out);
}

TEST(Process, AGrandchildThatKeepsThePipeOpenDoesNotHoldUs) {
  const ProcessResult r =
      run_process({.argv = {"sh", "-c", "echo said; sleep 100 &"}, .output = Stream::pipe}, {.timeout = 60s});
  EXPECT_EQ(r.output, "said\n");
  EXPECT_FALSE(r.timed_out);
}

TEST(Process, WhatCannotStartSaysWhy) {
  EXPECT_THROW(Process({.argv = {"no-such-program-here"}}), ProcessError);
  EXPECT_THROW(Process({.argv = {"/etc/passwd"}}), ProcessError);
  EXPECT_THROW(Process({.argv = {"true"}, .folder = "/no/such/folder"}), ProcessError);
  EXPECT_THROW(Process(ProcessOptions{}), ProcessError);
}

TEST(Process, SignalsAreReportedAndLinesAreRead) {
  Process child({.argv = {"sh", "-c", "echo one; echo two; exec sleep 100"}, .output = Stream::pipe});
  EXPECT_EQ(child.read_line(10s), "one");
  EXPECT_EQ(child.read_line(10s), "two");
  EXPECT_EQ(child.read_line(10ms), std::nullopt);
  EXPECT_TRUE(child.running());
  EXPECT_EQ(child.terminate(5s), 128 + SIGTERM);
  EXPECT_FALSE(child.running());
}

TEST(Process, ChildrenGetNoDescriptorsOfOurs) {
  const std::ifstream open_file("/etc/hostname");
  const ProcessResult r = run_process({.argv = {"ls", "/proc/self/fd"}, .output = Stream::pipe}, {});
  EXPECT_EQ(r.output, "0\n1\n2\n3\n") << "3 is the folder that ls reads";
}

}  // namespace
}  // namespace deskhand
