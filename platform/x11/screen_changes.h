#pragma once
// Which parts of the screen changed (XDamage), and waiting until none does.
//
//   ScreenChanges changes(connection);
//   changes.take();                                            // the whole screen, the first time
//   changes.wait_until_quiet({.quiet = 200ms, .cap = 3s}, stop);
//   for (ScreenRect r : changes.take()) …

#include <X11/Xlib.h>
#include <X11/extensions/Xdamage.h>

#include "platform/x11/connection.h"

namespace deskhand::x11 {

class ScreenChanges {
 public:
  explicit ScreenChanges(Connection& connection);
  ~ScreenChanges();
  ScreenChanges(const ScreenChanges&) = delete;
  ScreenChanges& operator=(const ScreenChanges&) = delete;

  std::vector<ScreenRect> take();
  bool wait_until_quiet(const QuietWait& wait, const std::stop_token& stop);

 private:
  using Clock = std::chrono::steady_clock;
  void on_event(const XEvent& event);
  void fetch();
  void add(const ScreenRect& box);

  Connection& connection_;
  int event_base_ = 0;
  Damage damage_ = 0;
  XserverRegion region_ = 0;
  bool notified_ = false;
  Clock::time_point last_change_;
  std::vector<ScreenRect> changed_;
  ScreenRect known_bounds_;
};

}  // namespace deskhand::x11
