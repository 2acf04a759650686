#pragma once
// Screen, pointer, keyboard and windows of one desktop. X11 today; nothing here knows X11.
//
//   std::unique_ptr<Desktop> desktop = open_x11_desktop({.display = ":97"});
//   Image before = desktop->capture();
//   desktop->click({400, 300}, MouseButton::left, 1, {});
//   desktop->wait_until_quiet({.quiet = 200ms, .cap = 3s}, stop);
//
// Errors: DesktopError when the display is absent, refuses or vanishes; InputError when a click or a text could not be
// given but the desktop goes on; std::invalid_argument for an unknown key name, a point outside the screen and text
// that is not UTF-8. Every way out of a call, exceptions included, leaves no
// modifier and no button pressed that it pressed itself, but for press_button and press_key: what they press stays
// down, over other calls too, until it is released.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "platform/image.h"

namespace deskhand {

/// No display, no permission, or the display went away in the middle.
class DesktopError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Input that did not arrive, or may not have: a modifier that somebody holds, a character without a key, a window that
/// does not read. The desktop is usable as before.
class InputError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

enum class MouseButton { left = 1, middle = 2, right = 3 };
constexpr std::string_view button_name(MouseButton button) {
  return button == MouseButton::left ? "left" : button == MouseButton::middle ? "middle" : "right";
}
enum class ScrollDirection { up, down, left, right };
enum class Modifier : uint8_t { shift = 1, ctrl = 2, alt = 4, super = 8 };

/// A set of Modifier.
using Modifiers = uint8_t;

using WindowId = uint64_t;

struct Window {
  WindowId id = 0;
  std::string title{};
  std::string application{};  ///< WM_CLASS class, else the process name
  int pid = 0;
  ScreenRect box{};  ///< of the client area, in screen pixels
  bool active = false;
  bool dialog = false;    ///< transient for another window, or of type dialog
  bool popup = false;     ///< override-redirect: a menu, a combo list, a tooltip
  bool ours = false;      ///< this program or one of its ancestors owns it: never a target
  bool terminal = false;  ///< a known terminal emulator: typing there runs shell commands
};

struct QuietWait {
  std::chrono::milliseconds quiet{200};  ///< nothing may change for so long
  std::chrono::milliseconds cap{3000};   ///< then stop waiting anyway
};

class Desktop {
 public:
  virtual ~Desktop() = default;

  virtual ScreenRect bounds() const = 0;
  /// The monitors, the primary one first. Where the system does not tell: the whole screen.
  virtual std::vector<ScreenRect> monitors() { return {bounds()}; }
  /// The whole screen, RGB.
  virtual Image capture(bool with_pointer = false) = 0;
  /// Rectangles damaged since the last call, merged; the whole screen on the first call.
  virtual std::vector<ScreenRect> take_changes() = 0;
  /// Waits until nothing changed on screen for `quiet`; false when the cap or the stop came first.
  virtual bool wait_until_quiet(const QuietWait& wait, std::stop_token stop) = 0;

  virtual ScreenPoint pointer() = 0;
  /// With a button held down in small steps, as toolkits expect of a drag.
  virtual void move_pointer(ScreenPoint to) = 0;
  /// Clicks and notches: 1 to 100, else std::invalid_argument.
  virtual void click(ScreenPoint at, MouseButton button, int count, Modifiers held) = 0;
  virtual void scroll(ScreenPoint at, ScrollDirection direction, int clicks, Modifiers held) = 0;
  /// With the left button.
  virtual void drag(ScreenPoint from, ScreenPoint to, Modifiers held) = 0;
  /// Where the pointer is. Throws InputError when it is down already; click and drag need it up, too.
  virtual void press_button(MouseButton button) = 0;
  /// Throws InputError when press_button did not press it, or release_all was faster.
  virtual void release_button(MouseButton button) = 0;
  /// Types any Unicode text; '\n' is Return, '\t' Tab. Throws InputError rather than skip a character, and while
  /// press_key holds a key. Returns early, with nothing pressed, when a stop is requested.
  virtual void type(std::string_view utf8, std::stop_token stop) = 0;
  /// A chord in xdotool's names: "ctrl+shift+t", "Return", "alt+F4". With a modifier, a letter is its key: "ctrl+S" is
  /// "ctrl+s".
  virtual void key(std::string_view chord) = 0;
  /// Presses the keys of a chord that are not down yet; clicks and chords that follow have them held. Throws InputError
  /// for a key that the keyboard layout lacks.
  virtual void press_key(std::string_view chord) = 0;
  /// Releases what press_key pressed of these keys; false when none of them was down.
  virtual bool release_key(std::string_view chord) = 0;
  /// What press_key holds, oldest first, as keys_of_chord names them.
  virtual std::vector<std::string> held_keys() = 0;
  /// Whether press_button holds one.
  virtual bool holds_button() = 0;
  /// Releases every key and button that this object pressed, a button back where it was pressed, so that nothing is
  /// dropped elsewhere. Safe at any time.
  virtual void release_all() noexcept = 0;

  /// Top-level windows and popups, topmost first.
  virtual std::vector<Window> windows() = 0;
  /// Raises and focuses; false when the window manager did not do it in time.
  virtual bool focus(WindowId window) = 0;
};

struct X11Options {
  std::string display;                ///< empty: $DISPLAY
  std::filesystem::path authority{};  ///< cookie file; empty: $XAUTHORITY or the user's own
};

/// Throws DesktopError with the display's name and the reason (none, Wayland session, no XTEST…).
std::unique_ptr<Desktop> open_x11_desktop(const X11Options& options);

/// A chord in the form "ctrl+alt" as a set; throws std::invalid_argument for anything but shift, ctrl, alt, super.
Modifiers parse_modifiers(std::string_view text);

}  // namespace deskhand
