#pragma once
// Top-level windows and popups by EWMH, and giving one the focus.
//
//   WindowList list(connection);
//   for (const Window& w : list.read()) …     // topmost first
//   list.focus(id);

#include "platform/x11/connection.h"

namespace deskhand::x11 {

class WindowList {
 public:
  explicit WindowList(Connection& connection);

  std::vector<Window> read();
  bool focus(WindowId window);

 private:
  struct Child {
    ::Window id = 0;
    bool override_redirect = false;
    ScreenRect box;
  };
  bool is_tooltip(::Window window);
  std::vector<Child> visible_children();
  std::vector<::Window> clients();
  ::Window top_level_of(::Window window);
  ::Window active();
  Window describe(::Window id, const ScreenRect& box);
  bool viewable(::Window id, ScreenRect* box);
  void ask_window_manager(::Window window);

  Connection& connection_;
  std::vector<int> own_processes_;  ///< this one and its ancestors
  ::Window own_terminal_ = 0;       ///< $WINDOWID: the terminal says which window it is
};

}  // namespace deskhand::x11
