#pragma once
// Pointer and keyboard by XTest, and the memory of what is pressed.
//
//   Input input(connection);
//   {
//     Input::Hold shift(input, {shift_keycode});     // released on every way out
//     input.click({400, 300}, 1, 2);
//   }
//   input.press_button(1);                           // down until release_button or release_all
//   input.release_all();                             // from any thread, at any time
//
// Keycodes only: which keycode gives which character is keymap.h's business.

#include <X11/Xlib.h>

#include <map>
#include <mutex>
#include <set>
#include <span>
#include <vector>

#include "platform/x11/connection.h"

namespace deskhand::x11 {

class Input {
 public:
  explicit Input(Connection& connection);
  ~Input() { release_all(); }
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  ScreenPoint pointer() const;
  /// Moves and makes sure that the pointer is there; throws InputError when somebody else keeps moving it. With a
  /// button held down in small steps.
  void move(ScreenPoint to);
  /// Buttons 1–3, wheel 4–7, where the pointer is.
  void click(unsigned button, int count, std::chrono::milliseconds pause);
  void press_button(unsigned button);
  void release_button(unsigned button);
  bool holds_button(unsigned button);
  bool holds_any_button();

  /// A key that is pressed twice is released with the second release.
  void press_key(KeyCode key);
  void release_key(KeyCode key);
  /// Down and up at once, so that no auto-repeat can come in between.
  void tap_key(KeyCode key);
  bool holds_key(KeyCode key);
  /// Buttons go up where they went down: nothing is dropped elsewhere.
  void release_all() noexcept;

  /// Makes sure that nobody else holds or has latched a modifier, which would change what clicks and keys mean. A stuck
  /// one is released; one that a human holds is waited for, then InputError.
  void expect_free_modifiers();

  /// Keys held down for a scope.
  class Hold {
   public:
    Hold(Input& input, std::span<const KeyCode> keys);
    ~Hold();
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

   private:
    Input& input_;
    std::vector<KeyCode> keys_;
  };

 private:
  void fake_key(KeyCode key, bool down);
  void fake_button(unsigned button, bool down);
  /// Through the places between, as a hand does, up to just before the end.
  void glide(ScreenPoint to);
  /// The mask of the modifiers that this object holds.
  unsigned own_modifiers();
  void release_foreign_keys();

  Connection& connection_;
  std::mutex mutex_;
  std::multiset<KeyCode> keys_;
  std::map<unsigned, ScreenPoint> buttons_;  ///< with the place where they went down
};

}  // namespace deskhand::x11
