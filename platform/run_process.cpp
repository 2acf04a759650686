#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "platform/process.h"

namespace deskhand {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

/// A write to a child that has gone must be an error, not a signal: blocks SIGPIPE in this thread and eats it.
class NoPipeSignal {
 public:
  NoPipeSignal() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &set_, &before_);
  }
  ~NoPipeSignal() {
    if (sigismember(&before_, SIGPIPE) == 0) {
      const timespec now{};
      while (::sigtimedwait(&set_, nullptr, &now) == -1 && errno == EINTR) {
      }
    }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  NoPipeSignal(const NoPipeSignal&) = delete;
  NoPipeSignal& operator=(const NoPipeSignal&) = delete;

 private:
  sigset_t set_{}, before_{};
};

/// False at the end of the stream.
bool collect(int from, std::string* into, const RunLimits& limits, bool* truncated) {
  std::array<char, 65536> block;
  const ssize_t got = ::read(from, block.data(), block.size());
  if (got < 0) return errno == EINTR || errno == EAGAIN;
  const size_t room = limits.most_output - std::min(limits.most_output, into->size());
  *truncated |= static_cast<size_t>(got) > room;
  into->append(block.data(), std::min(static_cast<size_t>(got), room));
  return got > 0;
}

}  // namespace

ProcessResult run_process(ProcessOptions options, const RunLimits& limits, std::string_view input) {
  const NoPipeSignal quiet;
  if (!input.empty()) options.input = Stream::pipe;
  Process process(options);
  ProcessResult result;
  std::array<pollfd, 3> ends{{{process.input_descriptor(), POLLOUT, 0},
                              {process.output_descriptor(), POLLIN, 0},
                              {process.error_descriptor(), POLLIN, 0}}};
  if (ends[0].fd >= 0) ::fcntl(ends[0].fd, F_SETFL, O_NONBLOCK);
  const auto close_input = [&] {
    process.close_input();
    ends[0].fd = -1;
  };
  if (input.empty()) close_input();
  const auto deadline = Clock::now() + limits.timeout;
  const auto over = [&] { return limits.stop.stop_requested() || Clock::now() >= deadline; };
  while (ends[0].fd >= 0 || ends[1].fd >= 0 || ends[2].fd >= 0) {
    if (over()) break;
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now()).count();
    const bool ended = !process.running();
    const int ready = ::poll(ends.data(), ends.size(), static_cast<int>(std::clamp<int64_t>(left, 0, 50)));
    if (ready < 0) continue;
    if (ready == 0 && ended) break;  // a grandchild may keep the pipes open, but this child has said all
    if (ends[0].revents != 0) {
      const ssize_t sent = ::write(ends[0].fd, input.data(), input.size());
      if (sent > 0) input.remove_prefix(static_cast<size_t>(sent));
      if (input.empty() || (sent < 0 && errno != EAGAIN && errno != EINTR)) close_input();
    }
    if (ends[1].revents != 0 && !collect(ends[1].fd, &result.output, limits, &result.truncated)) ends[1].fd = -1;
    if (ends[2].revents != 0 && !collect(ends[2].fd, &result.error, limits, &result.truncated)) ends[2].fd = -1;
  }
  while (!process.wait(milliseconds(20)) && !over()) {
  }
  result.timed_out = process.running();
  result.code = process.terminate(milliseconds(200));
  return result;
}

}  // namespace deskhand
