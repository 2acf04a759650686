#include "platform/desktop.h"

#include <X11/extensions/Xrandr.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "platform/x11/connection.h"
#include "platform/x11/input.h"
#include "platform/x11/keyboard.h"
#include "platform/x11/screen_capture.h"
#include "platform/x11/screen_changes.h"
#include "platform/x11/window_list.h"

namespace deskhand {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds between_clicks{40};   ///< within every toolkit's double-click time
constexpr milliseconds between_notches{10};  ///< of the wheel

/// Monitors of the whole screen by XRandR, the primary one first.
struct MonitorList {
  std::vector<ScreenRect> boxes;
  bool wayland = false;  ///< the outputs are Xwayland's
};

MonitorList read_monitors(x11::Connection& connection) {
  MonitorList list;
  int event = 0, error = 0, count = 0;
  if (XRRQueryExtension(connection.get(), &event, &error) == 0) return list;
  const std::unique_ptr<XRRMonitorInfo, decltype(&XRRFreeMonitors)> monitors(
      XRRGetMonitors(connection.get(), connection.root(), True, &count), &XRRFreeMonitors);
  connection.get();
  for (int i = 0; monitors && i < count; ++i) {
    const XRRMonitorInfo& m = monitors.get()[i];
    const ScreenRect box{m.x, m.y, m.x + m.width, m.y + m.height};
    list.boxes.insert(m.primary != 0 ? list.boxes.begin() : list.boxes.end(), box);
    char* name = XGetAtomName(connection.get(), m.name);
    list.wayland |= name != nullptr && std::string_view(name).starts_with("XWAYLAND");
    if (name != nullptr) XFree(name);
  }
  return list;
}

/// Under a Wayland session an X server is Xwayland: it shows black for everything else and types into X clients only.
void refuse_wayland(x11::Connection& connection) {
  int opcode = 0, event = 0, error = 0;
  const bool extension = XQueryExtension(connection.get(), "XWAYLAND", &opcode, &event, &error) != 0;
  const char* type = std::getenv("XDG_SESSION_TYPE");
  const char* socket = std::getenv("WAYLAND_DISPLAY");
  const bool session = (type != nullptr && std::string_view(type) == "wayland") || (socket != nullptr && *socket != 0);
  if (!session || !(extension || read_monitors(connection).wayland)) return;
  throw DesktopError(
      fmt::format("the display \"{}\" is Xwayland in a Wayland session, where other windows can be neither seen nor "
                  "clicked: log in "
                  "to an X11 session, or use --new-display for a private one",
                  connection.name()));
}

class X11Desktop : public Desktop {
 public:
  explicit X11Desktop(const X11Options& options)
      : connection_(options),
        capture_((refuse_wayland(connection_), connection_)),
        changes_(connection_),
        input_(connection_),
        keyboard_(connection_, input_),
        windows_(connection_) {}

  ScreenRect bounds() const override { return connection_.bounds(); }

  std::vector<ScreenRect> monitors() override {
    std::vector<ScreenRect> boxes = read_monitors(connection_).boxes;
    if (boxes.empty()) boxes.push_back(bounds());
    return boxes;
  }

  Image capture(bool with_pointer) override { return capture_.take(with_pointer); }
  std::vector<ScreenRect> take_changes() override { return changes_.take(); }
  bool wait_until_quiet(const QuietWait& wait, std::stop_token stop) override {
    return changes_.wait_until_quiet(wait, stop);
  }

  ScreenPoint pointer() override { return input_.pointer(); }

  void move_pointer(ScreenPoint to) override {
    check_point(to);
    input_.move(to);
  }

  void click(ScreenPoint at, MouseButton button, int count, Modifiers held) override {
    expect_up(button);
    act_at(at, number_of(button), count, held, between_clicks);
  }

  void scroll(ScreenPoint at, ScrollDirection direction, int clicks, Modifiers held) override {
    constexpr unsigned buttons[] = {4, 5, 6, 7};  // up, down, left, right
    act_at(at, buttons[static_cast<size_t>(direction)], clicks, held, between_notches);
  }

  void drag(ScreenPoint from, ScreenPoint to, Modifiers held) override {
    check_point(from);
    check_point(to);
    expect_up(MouseButton::left);
    input_.expect_free_modifiers();
    input_.move(from);
    const std::vector<KeyCode> keys = keyboard_.modifier_keys(held);
    const x11::Input::Hold hold(input_, keys);
    try {
      input_.press_button(number_of(MouseButton::left));
      input_.move(to);
      input_.release_button(number_of(MouseButton::left));
    } catch (...) {
      input_.release_all();
      throw;
    }
  }

  void press_button(MouseButton button) override {
    expect_up(button);
    input_.expect_free_modifiers();
    input_.press_button(number_of(button));
  }
  void release_button(MouseButton button) override {
    if (!input_.holds_button(number_of(button)))
      throw InputError(fmt::format("the {} mouse button is not held down", button_name(button)));
    input_.release_button(number_of(button));
  }
  bool holds_button() override { return input_.holds_any_button(); }

  void type(std::string_view utf8, std::stop_token stop) override { keyboard_.type(utf8, stop); }
  void key(std::string_view chord) override { keyboard_.chord(chord); }
  void press_key(std::string_view chord) override { keyboard_.hold(chord); }
  bool release_key(std::string_view chord) override { return keyboard_.let_go(chord); }
  std::vector<std::string> held_keys() override { return keyboard_.held(); }
  void release_all() noexcept override { input_.release_all(); }

  std::vector<Window> windows() override { return windows_.read(); }
  bool focus(WindowId window) override { return windows_.focus(window); }

 private:
  static unsigned number_of(MouseButton button) { return static_cast<unsigned>(button); }

  void expect_up(MouseButton button) {
    if (input_.holds_button(number_of(button)))
      throw InputError(fmt::format("the {} mouse button is held down: release it first", button_name(button)));
  }

  void check_point(ScreenPoint at) const {
    const ScreenRect screen = bounds();
    if (screen.contains(at)) return;
    throw std::invalid_argument(
        fmt::format("the point ({}, {}) is outside the screen of {}×{}", at.x, at.y, screen.width(), screen.height()));
  }

  void act_at(ScreenPoint at, unsigned button, int count, Modifiers held, milliseconds pause) {
    check_point(at);
    if (count < 1 || count > 100) {
      throw std::invalid_argument(fmt::format("{} clicks: expected 1 to 100", count));
    }
    input_.expect_free_modifiers();
    input_.move(at);
    const std::vector<KeyCode> keys = keyboard_.modifier_keys(held);
    const x11::Input::Hold hold(input_, keys);
    input_.click(button, count, pause);
  }

  x11::Connection connection_;
  x11::ScreenCapture capture_;
  x11::ScreenChanges changes_;
  x11::Input input_;
  x11::Keyboard keyboard_;
  x11::WindowList windows_;
};

}  // namespace

std::unique_ptr<Desktop> open_x11_desktop(const X11Options& options) {
  return std::make_unique<X11Desktop>(options);
}

}  // namespace deskhand
