#pragma once
// Child processes without a shell.
//
//   ProcessResult r = run_process({.argv = {"uname", "-s"}, .output = Stream::pipe}, {.timeout = 5s});
//   Process server({.argv = {"Xvfb", ":97"}, .die_with_parent = true});
//   …
//   server.terminate(2s);          // the destructor does the same
//
// Every child is the leader of its own process group, and the group ends with the object: no grandchild is left.
// Descriptors other than 0–2 are closed in the child. Throws ProcessError when the program cannot be started.

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace deskhand {

class ProcessError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

enum class Stream { inherit, null, pipe };

using Environment = std::map<std::string, std::string>;

/// The environment of this process.
Environment current_environment();

struct ProcessOptions {
  std::vector<std::string> argv;             ///< argv[0] is looked up in the child's PATH unless it has a slash
  std::optional<Environment> environment{};  ///< complete; by default this process's own
  std::filesystem::path folder{};            ///< where it runs; by default here
  Stream input = Stream::null, output = Stream::inherit, error = Stream::inherit;
  std::filesystem::path log{};  ///< if set, output and error streams that are not pipes are appended to this file
  /// SIGKILL when the thread that started it ends, for whatever reason: only for threads that live as long.
  bool die_with_parent = false;
};

/// How it ended: the exit code, or 128 + the signal that ended it.
using ExitCode = int;

class Process {
 public:
  explicit Process(const ProcessOptions& options);
  ~Process();  ///< terminate(1 s)
  Process(Process&& other) noexcept;
  Process& operator=(Process&&) = delete;

  pid_t pid() const { return pid_; }
  bool running() { return !wait(std::chrono::milliseconds(0)); }
  /// Nothing when it is still running at the end of that time.
  std::optional<ExitCode> wait(std::chrono::milliseconds patience);
  /// SIGTERM to the group, SIGKILL after `grace`; returns how it ended. Also ends what an ended child left in its
  /// group.
  ExitCode terminate(std::chrono::milliseconds grace);
  void signal_group(int signal) noexcept;

  /// The next line of a piped output, without its end; nothing at the end of the stream or of the time.
  std::optional<std::string> read_line(std::chrono::milliseconds patience);

  /// Ends of pipes, −1 where there is none; owned by this object.
  int input_descriptor() const { return pipes_[0]; }
  int output_descriptor() const { return pipes_[1]; }
  int error_descriptor() const { return pipes_[2]; }
  void close_input() noexcept;

 private:
  void close_all() noexcept;

  pid_t pid_ = -1;
  std::optional<ExitCode> ended_;
  int pipes_[3] = {-1, -1, -1};
  std::string buffered_;  ///< read from the output, not yet returned as a line
};

struct ProcessResult {
  ExitCode code = 0;
  std::string output{}, error{};
  bool timed_out = false;  ///< killed at the end of its time, or by a stop
  bool truncated = false;  ///< said more than `most_output`; the rest was dropped
};

struct RunLimits {
  std::chrono::milliseconds timeout{10'000};
  size_t most_output = 16 << 20;  ///< bytes kept per stream
  std::stop_token stop{};
};

/// Runs to the end: input is written, piped streams are collected.
ProcessResult run_process(ProcessOptions options, const RunLimits& limits, std::string_view input = {});

}  // namespace deskhand
