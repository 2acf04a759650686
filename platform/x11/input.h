#pragma once
// Pointer and keyboard by XTest, and the memory of what is pressed.
//
//   Input input(connection);
//   {
//     Input::Hold shift(input, {shift_keycode});     // released on every way out
//     input.click({400, 300}, 1, 2);
//   }
//   input.release_all();                             // from any thread, at any time
//
// Keycodes only: which keycode gives which character is keymap.h's business.

#include <X11/Xlib.h>

#include <mutex>
#include <set>
#include <span>

#include "platform/x11/connection.h"

namespace deskhand::x11 {

class Input {
 public:
  explicit Input(Connection& connection);
  ~Input() { release_all(); }
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  ScreenPoint pointer() const;
  /// Moves and makes sure that the pointer is there; throws InputError when somebody else keeps moving it.
  void move(ScreenPoint to);
  /// Buttons 1–3, wheel 4–7, where the pointer is.
  void click(unsigned button, int count, std::chrono::milliseconds pause);

  void press_key(KeyCode key);
  void release_key(KeyCode key);
  /// Down and up at once, so that no auto-repeat can come in between.
  void tap_key(KeyCode key);
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
  void release_foreign_keys();

  Connection& connection_;
  std::mutex mutex_;
  std::multiset<KeyCode> keys_;
  std::set<unsigned> buttons_;
};

}  // namespace deskhand::x11
