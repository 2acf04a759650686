#pragma once
// A desktop of its own, apart from the user's: Xvfb, a window manager, a session bus and the accessibility bus.
//
//   PrivateDisplay display({.width = 1280, .height = 800});
//   auto desktop = open_x11_desktop(display.x11_options());
//   Process editor({.argv = {"mousepad"}, .environment = display.environment()});
//
// The display number is a free one, and only who has the cookie may connect. Everything started here ends with the
// object, on exceptions too, and with the thread that made it (see ProcessOptions::die_with_parent). Throws
// DesktopError naming the program that is missing or does not answer.

#include <memory>

#include "platform/desktop.h"
#include "platform/process.h"

namespace deskhand {

struct PrivateDisplayOptions {
  int width = 1280, height = 800;
  bool window_manager = true;
  bool accessibility = true;       ///< session bus, accessibility bus switched on
  bool private_home = false;       ///< HOME and the XDG folders lie in folder(), so that programs find no old settings
  std::filesystem::path folder{};  ///< kept at the end; empty: a temporary one, removed at the end
};

class PrivateDisplay {
 public:
  explicit PrivateDisplay(const PrivateDisplayOptions& options);
  ~PrivateDisplay();
  PrivateDisplay(const PrivateDisplay&) = delete;
  PrivateDisplay& operator=(const PrivateDisplay&) = delete;

  const std::string& name() const;  ///< ":7"
  X11Options x11_options() const;
  /// For programs that shall appear here: DISPLAY, XAUTHORITY, the buses, toolkit settings.
  const Environment& environment() const;
  /// Private, mode 0700: cookie, sockets, log of what the servers said, home.
  const std::filesystem::path& folder() const;
  /// Of the session bus; empty without accessibility. In this process, set DBUS_SESSION_BUS_ADDRESS to use it.
  std::string session_bus() const;

  /// False once the X server or the window manager has ended.
  bool alive();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace deskhand
