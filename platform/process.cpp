#include "platform/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <thread>
#include <utility>

extern char** environ;

namespace deskhand {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

/// A descriptor closed at the end of its scope.
struct Descriptor {
  int number = -1;
  Descriptor() = default;
  explicit Descriptor(int n) : number(n) {}
  Descriptor(Descriptor&& o) noexcept : number(std::exchange(o.number, -1)) {}
  Descriptor& operator=(Descriptor&& o) noexcept {
    std::swap(number, o.number);
    return *this;
  }
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
  int release() { return std::exchange(number, -1); }
};

struct Pipe {
  Descriptor read, write;
};

Pipe make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw ProcessError(fmt::format("no pipe: {}", std::strerror(errno)));
  // Out of the way of 0–2, which the child replaces.
  Pipe pipe;
  for (int& end : ends) {
    if (end > 2) continue;
    const int moved = ::fcntl(end, F_DUPFD_CLOEXEC, 3);
    ::close(std::exchange(end, moved));
  }
  pipe.read = Descriptor(ends[0]);
  pipe.write = Descriptor(ends[1]);
  return pipe;
}

/// Everything that the child needs, made before the fork: between fork and exec nothing may allocate.
struct Launch {
  std::string program{};
  std::vector<std::string> assignments{};
  std::vector<char*> argv{}, environment{};
  std::string folder{};
  int streams[3] = {-1, -1, -1};
  int report = -1;
  bool die_with_parent = false;
  pid_t parent = 0;
};

std::string find_program(const std::string& name, const Environment& environment) {
  if (name.find('/') != std::string::npos) return name;
  const auto path = environment.find("PATH");
  std::string_view folders =
      path != environment.end() ? std::string_view(path->second) : "/usr/local/bin:/usr/bin:/bin";
  while (!folders.empty()) {
    const size_t colon = std::min(folders.find(':'), folders.size());
    const std::string file = fmt::format("{}/{}", folders.substr(0, colon), name);
    if (::access(file.c_str(), X_OK) == 0 && !std::filesystem::is_directory(file)) return file;
    folders.remove_prefix(std::min(colon + 1, folders.size()));
  }
  throw ProcessError(fmt::format("the program {} is not in PATH", name));
}

[[noreturn]] void fail_child(int report) {
  const int reason = errno;
  [[maybe_unused]] const ssize_t written = ::write(report, &reason, sizeof reason);
  ::_exit(127);
}

/// Runs in the child: async-signal-safe calls only.
[[noreturn]] void run_child(const Launch& launch) {
  ::setpgid(0, 0);
  if (launch.die_with_parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != launch.parent) ::_exit(127);
  }
  for (int i = 0; i < 3; ++i) {
    if (launch.streams[i] >= 0 && ::dup2(launch.streams[i], i) < 0) fail_child(launch.report);
  }
  if (!launch.folder.empty() && ::chdir(launch.folder.c_str()) != 0) fail_child(launch.report);
  ::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int number : {SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGHUP, SIGXFSZ}) ::signal(number, SIG_DFL);
  ::execve(launch.program.c_str(), launch.argv.data(), launch.environment.data());
  fail_child(launch.report);
}

Descriptor open_stream(const std::string& file, int flags) {
  Descriptor opened(::open(file.c_str(), flags | O_CLOEXEC, 0600));
  if (opened.number < 0) throw ProcessError(fmt::format("cannot open {}: {}", file, std::strerror(errno)));
  if (opened.number <= 2) opened = Descriptor(::fcntl(opened.number, F_DUPFD_CLOEXEC, 3));
  return opened;
}

}  // namespace

Environment current_environment() {
  Environment result;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (const size_t sign = text.find('='); sign != std::string_view::npos) {
      result[std::string(text.substr(0, sign))] = text.substr(sign + 1);
    }
  }
  return result;
}

Process::Process(const ProcessOptions& options) {
  if (options.argv.empty()) throw ProcessError("no program to start: argv is empty");
  const Environment environment = options.environment ? *options.environment : current_environment();
  Launch launch{.program = find_program(options.argv[0], environment)};
  for (const auto& [name, value] : environment) launch.assignments.push_back(fmt::format("{}={}", name, value));
  for (std::string& text : launch.assignments) launch.environment.push_back(text.data());
  for (const std::string& text : options.argv) launch.argv.push_back(const_cast<char*>(text.c_str()));
  launch.environment.push_back(nullptr);
  launch.argv.push_back(nullptr);
  launch.folder = options.folder.string();
  launch.die_with_parent = options.die_with_parent;
  launch.parent = ::getpid();

  const Stream kinds[3] = {options.input, options.output, options.error};
  Descriptor child_ends[3], own_ends[3];
  for (int i = 0; i < 3; ++i) {
    if (kinds[i] == Stream::pipe) {
      Pipe pipe = make_pipe();
      child_ends[i] = std::move(i == 0 ? pipe.read : pipe.write);
      own_ends[i] = std::move(i == 0 ? pipe.write : pipe.read);
    } else if (i > 0 && !options.log.empty()) {
      child_ends[i] = open_stream(options.log.string(), O_WRONLY | O_CREAT | O_APPEND);
    } else if (kinds[i] == Stream::null) {
      child_ends[i] = open_stream("/dev/null", i == 0 ? O_RDONLY : O_WRONLY);
    }
    launch.streams[i] = child_ends[i].number;
  }
  Pipe report = make_pipe();
  launch.report = report.write.number;

  pid_ = ::fork();
  if (pid_ == 0) run_child(launch);
  if (pid_ < 0) throw ProcessError(fmt::format("cannot start {}: {}", launch.program, std::strerror(errno)));
  ::setpgid(pid_, pid_);  // in both, so that it holds before either goes on
  ::close(report.write.release());
  int reason = 0;
  if (::read(report.read.number, &reason, sizeof reason) == sizeof reason) {
    ::waitpid(pid_, nullptr, 0);
    throw ProcessError(fmt::format("cannot start {}: {}", launch.program, std::strerror(reason)));
  }
  for (int i = 0; i < 3; ++i) pipes_[i] = own_ends[i].release();
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), ended_(other.ended_), buffered_(std::move(other.buffered_)) {
  for (int i = 0; i < 3; ++i) pipes_[i] = std::exchange(other.pipes_[i], -1);
}

Process::~Process() {
  if (pid_ > 0) terminate(std::chrono::seconds(1));
  close_all();
}

std::optional<ExitCode> Process::wait(milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  for (milliseconds nap{1}; !ended_; nap = std::min(nap * 2, milliseconds(20))) {
    siginfo_t info{};  // the child stays a zombie until terminate(), so that its group's number is not used again
    const int got = ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT);
    if (got == 0 && info.si_pid == pid_) {
      ended_ = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
    } else if (got < 0 && errno != EINTR) {
      ended_ = 127;  // somebody else has waited for it
    } else if (Clock::now() >= deadline) {
      return std::nullopt;
    } else {
      std::this_thread::sleep_for(nap);
    }
  }
  return ended_;
}

ExitCode Process::terminate(milliseconds grace) {
  if (pid_ <= 0) return ended_.value_or(0);
  if (!ended_) signal_group(SIGTERM);
  wait(grace);
  signal_group(SIGKILL);  // also what the leader left behind in its group
  while (!wait(std::chrono::seconds(1))) {
  }
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
  return *ended_;
}

void Process::signal_group(int signal) noexcept {
  if (pid_ > 0) ::kill(-pid_, signal);
}

std::optional<std::string> Process::read_line(milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  for (;;) {
    if (const size_t end = buffered_.find('\n'); end != std::string::npos) {
      std::string line = buffered_.substr(0, end);
      buffered_.erase(0, end + 1);
      return line;
    }
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now());
    pollfd waiting{.fd = pipes_[1], .events = POLLIN, .revents = 0};
    if (pipes_[1] < 0 || ::poll(&waiting, 1, static_cast<int>(std::max<int64_t>(left.count(), 0))) <= 0)
      return std::nullopt;
    std::array<char, 4096> block;
    const ssize_t got = ::read(pipes_[1], block.data(), block.size());
    if (got <= 0) {
      if (buffered_.empty()) return std::nullopt;
      return std::exchange(buffered_, {});
    }
    buffered_.append(block.data(), static_cast<size_t>(got));
  }
}

void Process::close_input() noexcept {
  if (pipes_[0] >= 0) ::close(std::exchange(pipes_[0], -1));
}

void Process::close_all() noexcept {
  for (int& end : pipes_) {
    if (end >= 0) ::close(std::exchange(end, -1));
  }
}

}  // namespace deskhand
