// The program. Ctrl-C, SIGTERM and SIGHUP ask the running command to stop; it ends by itself, with the keyboard
// released.

#include <signal.h>

#include <iostream>
#include <stop_token>
#include <thread>

#include "apps/cli/run.h"

namespace {

// Waits for signals in a thread of its own, so that a stop runs ordinary code and releases the keyboard.
void watch_signals(sigset_t signals, std::stop_source stop) {
  int signal = 0;
  while (sigwait(&signals, &signal) == 0) stop.request_stop();
}

}  // namespace

int main(int argc, char** argv) {
  sigset_t signals;
  sigemptyset(&signals);
  for (int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);

  std::stop_source stop;
  std::thread(watch_signals, signals, stop).detach();
  std::ios::sync_with_stdio(false);
  const int code = deskhand::run_program({argv + 1, argv + argc}, {std::cout, std::cerr}, stop.get_token());
  std::cout.flush();
  return code;
}
