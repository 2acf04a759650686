// The program. Ctrl-C, SIGTERM and SIGHUP ask the running command to stop; it ends by itself, with the keyboard
// released.

#include <signal.h>

#include <clocale>
#include <iostream>
#include <thread>

#include "apps/cli/exit_status.h"
#include "apps/cli/run.h"

namespace {

// Waits for signals in a thread of its own, so that a stop runs ordinary code and releases the keyboard.
void watch_signals(sigset_t signals, deskhand::Interrupts& interrupts) {
  int signal = 0;
  while (sigwait(&signals, &signal) == 0) interrupts.request();
}

}  // namespace

int main(int argc, char** argv) {
  sigset_t signals;
  sigemptyset(&signals);
  for (int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  for (int number : {SIGPIPE, SIGXFSZ}) signal(number, SIG_IGN);  // the failing write says it

  auto& interrupts = *new deskhand::Interrupts;  // outlives everything, as the detached thread does
  std::thread([signals, &interrupts] { watch_signals(signals, interrupts); }).detach();
  std::setlocale(LC_CTYPE, "");
  std::ios::sync_with_stdio(false);
  const int code = deskhand::run_program({argv + 1, argv + argc}, {std::cout, std::cerr}, interrupts);
  if (!std::cout.flush() && code == 0) {
    std::cerr << "deskhand: the answer could not be written to stdout\n";
    return static_cast<int>(deskhand::ExitStatus::unreadable);
  }
  return code;
}
