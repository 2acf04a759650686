#pragma once
// Chords and text on the keyboard of an X server.
//
//   Keyboard keyboard(connection, input);
//   keyboard.chord("ctrl+shift+t");
//   keyboard.type("Zażółć 你好 🙂", stop);
//
// Characters of the current layout are typed by their own keys; all others are bound to spare keycodes, as many at once
// as there are, and the map is restored after the focused program has read them.

#include "platform/x11/input.h"
#include "platform/x11/keymap.h"
#include "platform/x11/settle.h"

namespace deskhand::x11 {

class Keyboard {
 public:
  Keyboard(Connection& connection, Input& input);

  void chord(std::string_view text);
  void type(std::string_view utf8, const std::stop_token& stop);
  /// Keycodes of a set of modifiers, to be held.
  std::vector<KeyCode> modifier_keys(Modifiers set);

 private:
  void type_batch(std::u32string_view text, const Keymap& map, SpareKeys& spare, const std::stop_token& stop);
  void press(const Stroke& stroke);
  void press_bound(std::vector<KeyCode> held, KeySymbol symbol, const Keymap& map);

  Connection& connection_;
  Input& input_;
  FocusReader reader_;
};

}  // namespace deskhand::x11
