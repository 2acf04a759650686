#pragma once
// Chords and text on the keyboard of an X server.
//
//   Keyboard keyboard(connection, input);
//   keyboard.chord("ctrl+shift+t");
//   keyboard.hold("ctrl");                     // until keyboard.let_go("ctrl")
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
  /// Presses the keys of a chord that are not down yet; they stay down until let_go or Input::release_all.
  void hold(std::string_view text);
  /// False when hold pressed none of these keys.
  bool let_go(std::string_view text);
  /// What hold holds, oldest first, as keys_of_chord names it.
  std::vector<std::string> held();
  void type(std::string_view utf8, const std::stop_token& stop);
  /// Keycodes of a set of modifiers, to be held.
  std::vector<KeyCode> modifier_keys(Modifiers set);

 private:
  void type_batch(std::u32string_view text, const Keymap& map, SpareKeys& spare, const std::stop_token& stop);
  void press(const Stroke& stroke);
  void press_bound(std::vector<KeyCode> held, KeySymbol symbol, const Keymap& map);
  /// Without what Input::release_all has released.
  void forget_released();
  bool holds_modifier() const;

  struct HeldKey {
    std::string name;
    std::vector<KeyCode> keys;  ///< in the order of pressing: Shift and the key of "plus"
    bool modifier = false;
  };

  Connection& connection_;
  Input& input_;
  FocusReader reader_;
  std::vector<HeldKey> held_;
};

}  // namespace deskhand::x11
