#pragma once
// A desktop in memory, for tests of everything that acts on one.
//
//   FakeDesktop desktop(1280, 800);
//   desktop.add_window({.id = 7, .title = "Order", .box = {0, 0, 400, 300}});
//   desktop.on_action = [&](const DesktopAction& a) {
//     if (a.kind == DesktopAction::Kind::click) desktop.paint({10, 10, 50, 30}, 0, 160, 0);
//   };
//   …
//   EXPECT_EQ(desktop.actions.back().text, "hello");
//
// `picture` is the screen and may be changed at any time: what changed is found by comparison. Actions are recorded in
// order, then `on_action` changes the state; what is pressed is kept as a real desktop does. After vanish() every call
// throws DesktopError.

#include <functional>
#include <map>
#include <optional>

#include "platform/desktop.h"

namespace deskhand {

struct DesktopAction {
  enum class Kind { move, click, scroll, drag, press_button, release_button, type, key, press_key, release_key, focus };
  Kind kind = Kind::move;
  ScreenPoint at{};                                   ///< move, click, scroll, drag, buttons
  ScreenPoint to{};                                   ///< drag
  MouseButton button = MouseButton::left;             ///< click, drag, buttons
  int count = 0;                                      ///< clicks of a button or of the wheel
  ScrollDirection direction = ScrollDirection::down;  ///< scroll
  Modifiers held = 0;                                 ///< click, scroll, drag; with those that press_key holds
  std::string text{};                                 ///< what was typed, or the chord
  WindowId window = 0;                                ///< focus
};

class FakeDesktop : public Desktop {
 public:
  explicit FakeDesktop(int width = 1280, int height = 800);

  Image picture;
  std::vector<Window> window_list;  ///< topmost first
  std::vector<DesktopAction> actions;
  /// Called after an action was recorded; may change anything here, throw, or call vanish().
  std::function<void(const DesktopAction&)> on_action;
  /// Called by every wait_until_quiet, as if its time had passed.
  std::function<void()> on_wait;
  /// Called before every picture is taken.
  std::function<void()> on_capture;
  bool restless = false;       ///< wait_until_quiet never sees quiet
  bool refuses_focus = false;  ///< focus() returns false and changes nothing
  int captures = 0, waits = 0;

  /// From now on, or after so many more actions, every call throws DesktopError.
  void vanish(int after_actions = 0) { actions_left_ = after_actions; }

  /// Puts a window on top and makes it the active one unless it is a popup.
  void add_window(Window window);
  /// Removes a window; the topmost of the others that is no popup becomes active.
  void close_window(WindowId id);
  void paint(ScreenRect box, uint8_t red, uint8_t green, uint8_t blue);
  /// Everything that was typed, in one string.
  std::string typed() const;

  ScreenRect bounds() const override;
  Image capture(bool with_pointer = false) override;
  std::vector<ScreenRect> take_changes() override;
  bool wait_until_quiet(const QuietWait& wait, std::stop_token stop) override;
  ScreenPoint pointer() override;
  void move_pointer(ScreenPoint to) override;
  void click(ScreenPoint at, MouseButton button, int count, Modifiers held) override;
  void scroll(ScreenPoint at, ScrollDirection direction, int clicks, Modifiers held) override;
  void drag(ScreenPoint from, ScreenPoint to, Modifiers held) override;
  void press_button(MouseButton button) override;
  void release_button(MouseButton button) override;
  bool holds_button() override { return !buttons_.empty(); }
  void type(std::string_view utf8, std::stop_token stop) override;
  void key(std::string_view chord) override;
  void press_key(std::string_view chord) override;
  bool release_key(std::string_view chord) override;
  std::vector<std::string> held_keys() override { return held_; }
  void release_all() noexcept override;
  std::vector<Window> windows() override;
  bool focus(WindowId window) override;

 private:
  void check_alive() const;
  void check_point(ScreenPoint at) const;
  void check_up(MouseButton button) const;
  Modifiers with_held(Modifiers modifiers) const;
  void record(DesktopAction action);

  ScreenPoint pointer_;
  std::vector<std::string> held_;
  std::map<MouseButton, ScreenPoint> buttons_;  ///< with the place where they went down
  Image seen_;                                  ///< the picture at the last take_changes
  std::optional<int> actions_left_;
};

}  // namespace deskhand
