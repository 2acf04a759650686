#pragma once
// One connection to an X server that turns its errors and its death into DesktopError.
//
//   Connection connection({.display = ":97"});
//   XMapWindow(connection.get(), window);          // get() throws once the server is gone
//   std::string error = connection.error_of([&] { XSetInputFocus(...); });
//
// Xlib would print and end the process in both cases; here nothing prints and nothing exits. Protocol errors outside
// error_of() are ignored: windows of other programs come and go at any time. Includes Xlib: only x11/*.cpp include it.

#include <X11/Xlib.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "platform/desktop.h"

namespace deskhand::x11 {

inline constexpr ::Window no_window = 0;

class Connection {
 public:
  explicit Connection(const X11Options& options);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// The display; throws DesktopError when the server has gone.
  ::Display* get() const;
  bool lost() const noexcept { return lost_; }
  ::Window root() const { return root_; }
  int screen() const { return screen_; }
  const std::string& name() const { return name_; }

  Atom atom(const std::string& name);
  /// Size of the root window now: it changes with the monitors.
  ScreenRect bounds() const;

  /// Waits until the server has done everything; throws when it has gone.
  void sync() const;
  /// Runs requests and waits for them; the first protocol error in words, empty for none.
  std::string error_of(const std::function<void()>& requests);

  /// Every event read by pump() goes to every listener, in order; they live as long as anyone pumps.
  void listen(std::function<void(const XEvent&)> listener) { listeners_.push_back(std::move(listener)); }
  /// Reads what has come; if nothing had, waits for up to `patience`.
  void pump(std::chrono::milliseconds patience);

 private:
  static int on_error(::Display* display, XErrorEvent* event);
  static int on_io_error(::Display* display);
  static void on_io_exit(::Display* display, void* self);
  static Connection* find(::Display* display);
  void dispatch_pending();

  std::string name_;
  ::Display* display_ = nullptr;
  ::Window root_ = 0;
  int screen_ = 0;
  std::atomic<bool> lost_ = false;
  std::mutex error_mutex_;
  std::string first_error_;
  std::map<std::string, Atom> atoms_;
  std::vector<std::function<void(const XEvent&)>> listeners_;
};

}  // namespace deskhand::x11
