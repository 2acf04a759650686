#pragma once
// Waiting until the program that has the focus has read the keys that were sent to it.
//
//   FocusReader reader(connection);      // the focused window, now
//   …keys…
//   reader.wait_until_read();
//
// A client that speaks _NET_WM_PING answers in the order of its events: the answer proves that the keys were read. Of
// others the process is watched: asleep for a while means that it has nothing left to read.

#include "platform/x11/connection.h"

namespace deskhand::x11 {

class FocusReader {
 public:
  explicit FocusReader(Connection& connection);
  FocusReader(const FocusReader&) = delete;
  FocusReader& operator=(const FocusReader&) = delete;

  /// Throws InputError when a client that should answer does not.
  void wait_until_read();

 private:
  bool speaks_ping(::Window window);
  void expect_answer(::Window window);
  bool wait_asleep(int pid);
  void on_event(const XEvent& event);

  Connection& connection_;
  long next_ping_ = 0;
  long answered_ = 0;
};

}  // namespace deskhand::x11
