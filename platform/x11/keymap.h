#pragma once
// Which key, with which modifiers, gives a symbol on XTEST's layout in the current group; and keycodes that give none.
//
//   Keymap map(connection);
//   map.find(XK_at)               // de: {code of q, {AltGr}}; us: {code of 2, {Shift}}
//   SpareKeys spare(connection, map);
//   spare.bind({XK_zcaron, …});   // all at once; then spare.key(XK_zcaron); restored by restore() or the destructor
//
// A Keymap is a picture of one moment: make a new one for every text.

#include <map>
#include <optional>
#include <span>
#include <vector>

#include "platform/key_chord.h"
#include "platform/x11/connection.h"

struct _XkbDesc;

namespace deskhand::x11 {

struct Stroke {
  KeyCode key = 0;
  std::vector<KeyCode> modifiers{};  ///< held while the key is pressed
};

class Keymap {
 public:
  explicit Keymap(Connection& connection);

  /// In the current group.
  std::optional<Stroke> find(KeySymbol symbol) const;
  /// By character, in the current group: the same character may be spelled by several keysyms. No keypad keys.
  std::optional<Stroke> find_character(char32_t character) const;
  /// Unshifted in any group: shortcuts work by the key, whatever the group.
  std::optional<KeyCode> find_in_any_group(KeySymbol symbol) const;
  /// The key of one real modifier (ShiftMask, …), nothing if no key has it.
  std::optional<KeyCode> modifier_key(unsigned mask) const;
  /// Keycodes without any symbol, lowest first.
  const std::vector<KeyCode>& spare() const { return spare_; }

 private:
  struct Place {
    KeyCode key = 0;
    unsigned modifiers = 0;  ///< real modifier mask
  };
  void read_modifier(const ::_XkbDesc& map, KeyCode key);
  void read_key(const ::_XkbDesc& map, KeyCode key, unsigned group);
  std::optional<Stroke> stroke(const std::map<uint32_t, Place>& places, uint32_t wanted) const;

  std::map<unsigned, KeyCode> modifier_keys_;
  std::map<uint32_t, Place> symbols_, characters_;
  std::map<KeySymbol, KeyCode> any_group_;
  std::vector<KeyCode> spare_;
};

/// Spare keycodes bound to symbols that the layout lacks. The map is restored on every way out.
class SpareKeys {
 public:
  SpareKeys(Connection& connection, const Keymap& map);
  ~SpareKeys();
  SpareKeys(const SpareKeys&) = delete;
  SpareKeys& operator=(const SpareKeys&) = delete;

  size_t capacity() const { return spare_.size(); }
  bool any_bound() const { return !bound_.empty(); }
  /// Replaces what was bound; at most capacity() symbols.
  void bind(std::span<const KeySymbol> symbols);
  std::optional<KeyCode> key(KeySymbol symbol) const;
  void restore();

 private:
  Connection& connection_;
  std::vector<KeyCode> spare_;
  std::map<KeySymbol, KeyCode> bound_;
  size_t used_ = 0;  ///< that many of spare_ have a symbol on the server
};

}  // namespace deskhand::x11
