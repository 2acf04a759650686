// Completions and the man page, judged by the shells and by groff themselves.

#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "apps/cli/command.h"
#include "apps/cli/run.h"
#include "tests/support/test_data.h"

namespace deskhand {
namespace {

using namespace std::chrono_literals;
using testing::TemporaryFolder;

std::string output_of(std::vector<std::string> arguments) {
  std::ostringstream out, err;
  Interrupts interrupts;
  EXPECT_EQ(run_program(std::move(arguments), {out, err}, interrupts), 0) << err.str();
  return out.str();
}

bool is_there(const std::string& program) {
  return std::system(("command -v " + program + " >/dev/null 2>&1").c_str()) == 0;
}

/// An interactive bash on a terminal, with the completions; `deskhand` is a function that prints what it is given.
class Bash {
 public:
  explicit Bash(const std::filesystem::path& folder) {
    std::ofstream(folder / "rc") << output_of({"completions", "bash"})
                                 << "\ndeskhand() { printf 'given'; printf '<%s>' \"$@\"; printf '.\\n'; }\nPS1='$ '\n";
    pid_ = forkpty(&terminal_, nullptr, nullptr, nullptr);
    if (pid_ == 0) {
      if (chdir(folder.c_str()) != 0) _exit(1);
      ::setenv("TERM", "dumb", 1);
      ::setenv("INPUTRC", "/dev/null", 1);
      execlp("bash", "bash", "--noprofile", "--rcfile", "rc", "-i", nullptr);
      _exit(127);
    }
  }
  ~Bash() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    ::close(terminal_);
  }
  Bash(const Bash&) = delete;
  Bash& operator=(const Bash&) = delete;

  /// Types `keys` and Return; what deskhand was given, as "<do><--approve><auto>".
  std::string given(const std::string& keys) {
    const std::string line = "deskhand " + keys + "\r";
    EXPECT_EQ(::write(terminal_, line.data(), line.size()), static_cast<ssize_t>(line.size()));
    std::string seen;
    const auto end = std::chrono::steady_clock::now() + 30s;
    while (std::chrono::steady_clock::now() < end) {
      pollfd ready = {terminal_, POLLIN, 0};
      char buffer[4096];
      if (::poll(&ready, 1, 100) <= 0) continue;
      const ssize_t n = ::read(terminal_, buffer, sizeof buffer);
      if (n <= 0) break;
      seen.append(buffer, static_cast<size_t>(n));
      const size_t start = seen.find("given<");
      const size_t stop = start == std::string::npos ? start : seen.find(">.", start);
      if (stop != std::string::npos) return seen.substr(start + 5, stop + 1 - (start + 5));
    }
    return "nothing in time, but: " + seen;
  }

 private:
  pid_t pid_ = -1;
  int terminal_ = -1;
};

TEST(Completions, BashCompletesCommandsOptionsAndValues) {
  const TemporaryFolder folder;
  Bash bash(folder.path());
  EXPECT_EQ(bash.given("rep\t"), "<replay>");
  EXPECT_EQ(bash.given("mod\ti\t--j\t"), "<models><info><--json>");
  EXPECT_EQ(bash.given("do --appr\tau\tx"), "<do><--approve><auto><x>");
  EXPECT_EQ(bash.given("do --approve=au\tx"), "<do><--approve=auto><x>");
  EXPECT_EQ(bash.given("compl\tfi\t"), "<completions><fish>");
  EXPECT_EQ(bash.given("-v do --new-\tx"), "<-v><do><--new-display><x>");
}

TEST(Completions, BashCompletesFilesWhereOneIsExpectedOnly) {
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "qwen model.gguf") << "";
  std::filesystem::create_directory(folder.path() / "trace-of-today");
  Bash bash(folder.path());
  EXPECT_EQ(bash.given("ask -m qw\t hello"), "<ask><-m><qwen model.gguf><hello>");
  EXPECT_EQ(bash.given("models info qw\t"), "<models><info><qwen model.gguf>");
  EXPECT_EQ(bash.given("replay tr\t"), "<replay><trace-of-today/>");
  EXPECT_EQ(bash.given("ask qw\t"), "<ask><qw>") << "a question is no file";
  EXPECT_EQ(bash.given("do --max-steps qw\t"), "<do><--max-steps><qw>");
}

TEST(Completions, ZshAndFishFindNoFault) {
  const TemporaryFolder folder;
  int checked = 0;
  for (const std::string shell : {"zsh", "fish"}) {
    const auto script = folder.path() / shell;
    std::ofstream(script) << output_of({"completions", shell});
    if (!is_there(shell)) continue;
    EXPECT_EQ(std::system((shell + " -n " + script.string()).c_str()), 0) << shell;
    ++checked;
  }
  if (checked < 2) GTEST_SKIP() << "zsh or fish is not installed: their syntax was not checked";
}

TEST(ManPage, GroffHasNothingToWarnAbout) {
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "deskhand.1") << output_of({"man"});
  if (!is_there("groff")) GTEST_SKIP() << "groff is not installed: the man page was not formatted";
  const std::string command =
      "cd '" + folder.path().string() + "' && groff -man -Tutf8 -ww deskhand.1 >page 2>warnings";
  EXPECT_EQ(std::system(command.c_str()), 0);
  EXPECT_EQ(testing::read_file(folder.path() / "warnings"), "");
  EXPECT_GT(testing::read_file(folder.path() / "page").size(), 5000u);
}

TEST(ManPage, EveryCommandAndEveryOptionOfTheHelpIsThere) {
  const std::string page = output_of({"man"});
  for (const Command* command : commands()) {
    const std::string name(command->name);
    EXPECT_NE(page.find(".SS deskhand " + name + " "), std::string::npos) << name;
    std::istringstream help(output_of({name, "--help"}));
    for (std::string line; std::getline(help, line);) {
      const size_t start = line.find("--");
      if (line.rfind("  ", 0) != 0 || start != 6 || line[5] != ' ') continue;
      std::string option = line.substr(start, line.find(' ', start) - start), written;
      for (const char c : option) written += c == '-' ? std::string("\\-") : std::string(1, c);
      EXPECT_NE(page.find("\\fB" + written + "\\fR"), std::string::npos) << option;
    }
  }
}

TEST(Help, NothingOfTheParsersOwnWordsIsLeft) {
  for (const Command* command : commands()) {
    const std::string help = output_of({std::string(command->name), "--help"});
    for (const char* raw : {"TEXT:", "INT", "FLOAT", "REQUIRED", "Needs:", "Excludes:", "NONNEGATIVE", "{"}) {
      EXPECT_EQ(help.find(raw), std::string::npos) << command->name << " says " << raw;
    }
  }
}

}  // namespace
}  // namespace deskhand
