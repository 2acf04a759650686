#pragma once
// A window of another X client that records what it receives: the oracle of the input tests.
//
//   EventWindow window(server.display(), {100, 50, 500, 400});
//   desktop->click({110, 60}, MouseButton::left, 1, 0);
//   window.collect([&] { return window.count(ButtonRelease) == 1; });
//
// It takes the keyboard focus itself. It reads its events at
// once, in a thread of its own, as a living program does.

#include <X11/Xatom.h>
#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <X11/keysym.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/platform/x11_received_event.h"

namespace deskhand::testing {

class EventWindow {
 public:
  /// A popup manages itself; another is an ordinary window, whether or not there is a window manager.
  EventWindow(const std::string& display, const ScreenRect& box, bool popup = true)
      : display_(XOpenDisplay(display.c_str())) {
    if (display_ == nullptr) throw std::runtime_error("cannot open " + display);
    XSetWindowAttributes attributes{};
    attributes.override_redirect = popup ? 1 : 0;
    attributes.background_pixel = 0x204060;
    attributes.event_mask =
        ButtonPressMask | ButtonReleaseMask | ButtonMotionMask | KeyPressMask | KeyReleaseMask | ExposureMask;
    window_ = XCreateWindow(display_, DefaultRootWindow(display_), box.x0, box.y0, box.width(), box.height(), 0,
                            CopyFromParent, InputOutput, CopyFromParent, CWOverrideRedirect | CWBackPixel | CWEventMask,
                            &attributes);
    XMapRaised(display_, window_);
    XEvent event;
    XWindowEvent(display_, window_, ExposureMask, &event);
    XKeysymToKeycode(display_,
                     XK_a);  // reads the keyboard map now: Xlib misses a change that comes while it does so first
    XSetInputFocus(display_, window_, RevertToNone, CurrentTime);
    XSync(display_, 0);
    reader_ = std::jthread([this](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        {
          const std::lock_guard lock(mutex_);
          while (XPending(display_) > 0) receive();
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
      }
    });
  }
  ~EventWindow() {
    reader_.request_stop();
    reader_.join();
    XCloseDisplay(display_);
  }
  EventWindow(const EventWindow&) = delete;

  void collect(const std::function<bool()>& enough,
               std::chrono::milliseconds patience = std::chrono::milliseconds(15'000)) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!enough() && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }

  std::vector<ReceivedEvent> events() const {
    const std::lock_guard lock(mutex_);
    return events_;
  }
  int count(int kind) const {
    const std::lock_guard lock(mutex_);
    int n = 0;
    for (const ReceivedEvent& event : events_) n += event.kind == kind ? 1 : 0;
    return n;
  }
  /// What the keys said, in UTF-8.
  std::string text() const {
    const std::lock_guard lock(mutex_);
    std::string all;
    for (const ReceivedEvent& event : events_) all += event.text;
    return all;
  }

  void answer_pings() {
    Atom ping = XInternAtom(display_, "_NET_WM_PING", 0);
    const std::lock_guard lock(mutex_);
    XSetWMProtocols(display_, window_, &ping, 1);
  }

  /// Says to which process the window belongs.
  void name_owner(int pid) {
    const std::lock_guard lock(mutex_);
    const long value = pid;
    XChangeProperty(display_, window_, XInternAtom(display_, "_NET_WM_PID", 0), XA_CARDINAL, 32, PropModeReplace,
                    reinterpret_cast<const unsigned char*>(&value), 1);
    XSync(display_, 0);
  }

 private:
  void receive() {
    XEvent event;
    XNextEvent(display_, &event);
    if (event.type == MappingNotify) XRefreshKeyboardMapping(&event.xmapping);
    if (event.type == ClientMessage) {  // only pings come
      event.xclient.window = DefaultRootWindow(display_);
      XSendEvent(display_, event.xclient.window, 0, SubstructureNotifyMask | SubstructureRedirectMask, &event);
    }
    if (const auto received = received_event(event)) events_.push_back(*received);
  }

  ::Display* display_;
  ::Window window_ = 0;
  mutable std::mutex mutex_;  ///< the display and the events
  std::vector<ReceivedEvent> events_;
  std::jthread reader_;
};

}  // namespace deskhand::testing
