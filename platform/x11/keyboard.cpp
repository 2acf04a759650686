#include "platform/x11/keyboard.h"

#include <X11/XKBlib.h>
#include <X11/Xutil.h>
#include <X11/keysym.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <thread>

namespace deskhand::x11 {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds between_keys{4};  ///< input methods reorder keys that come without a pause

/// Caps Lock and the like turned off for a scope, then as they were.
class Unlocked {
 public:
  explicit Unlocked(Connection& connection) : connection_(connection) {
    XkbStateRec state{};
    XkbGetState(connection_.get(), XkbUseCoreKbd, &state);
    locked_ = state.locked_mods & (LockMask | ShiftMask | ControlMask | Mod1Mask | Mod4Mask | Mod5Mask);
    if (locked_ != 0) XkbLockModifiers(connection_.get(), XkbUseCoreKbd, locked_, 0);
  }
  ~Unlocked() {
    if (locked_ == 0 || connection_.lost()) return;
    XkbLockModifiers(connection_.get(), XkbUseCoreKbd, locked_, locked_);
    try {
      connection_.sync();
    } catch (const std::exception&) {
      // The display went away, and its locks with it.
    }
  }
  Unlocked(const Unlocked&) = delete;
  Unlocked& operator=(const Unlocked&) = delete;

 private:
  Connection& connection_;
  unsigned locked_ = 0;
};

/// "\r\n" and "\r" as "\n"; every character must have a keysym.
std::u32string typeable(std::string_view utf8) {
  std::u32string text;
  char32_t before = 0;
  for (const char32_t c : decode_utf8(utf8)) {
    if (!(c == U'\n' && before == U'\r')) text.push_back(c == U'\r' ? U'\n' : c);
    if (key_symbol_of(c) == 0) {
      throw std::invalid_argument(
          fmt::format("the control character U+{:04X} cannot be typed", static_cast<uint32_t>(c)));
    }
    before = c;
  }
  return text;
}

bool is_modifier(KeySymbol symbol) {
  return (symbol >= XK_Shift_L && symbol <= XK_Hyper_R) || symbol == XK_ISO_Level3_Shift;
}

/// As people write shortcuts, Ctrl+S is the S key without Shift.
KeySymbol without_case(KeySymbol symbol) {
  KeySym lower = symbol, upper = symbol;
  XConvertCase(symbol, &lower, &upper);
  return static_cast<KeySymbol>(lower);
}

KeyCode modifier_named(const Keymap& map, KeySymbol symbol, std::string_view chord) {
  std::optional<KeyCode> key = map.find_in_any_group(symbol);
  const bool meta = symbol == XK_Meta_L || symbol == XK_Meta_R;  // most layouts have Meta on the Alt key's second level
  if (!key && meta) key = map.find_in_any_group(XK_Alt_L);
  if (!key) throw InputError(fmt::format("the keyboard has no key for a part of \"{}\"", chord));
  return *key;
}

/// `combined`: modifiers go with it, so that the key counts, not the character.
std::optional<Stroke> find_stroke(const Keymap& map, KeySymbol symbol, bool combined) {
  std::optional<Stroke> stroke = map.find(symbol);
  const char32_t character = character_of(symbol);
  if (!stroke && character != 0) stroke = map.find_character(character);
  if (!stroke && combined) {
    if (const auto key = map.find_in_any_group(symbol)) stroke = Stroke{.key = *key};
  }
  return stroke;
}

/// Keycodes to hold for one key, the key itself last.
std::vector<KeyCode> keys_to_hold(const Keymap& map, KeySymbol symbol, bool combined, std::string_view chord) {
  if (is_modifier(symbol)) return {modifier_named(map, symbol, chord)};
  const std::optional<Stroke> stroke = find_stroke(map, combined ? without_case(symbol) : symbol, combined);
  if (!stroke)
    throw InputError(fmt::format("\"{}\" cannot be held down: the keyboard layout lacks a key of it", chord));
  std::vector<KeyCode> keys = stroke->modifiers;
  keys.push_back(stroke->key);
  return keys;
}

}  // namespace

Keyboard::Keyboard(Connection& connection, Input& input)
    : connection_(connection), input_(input), reader_(connection) {}

std::vector<KeyCode> Keyboard::modifier_keys(Modifiers set) {
  if (set == 0) return {};
  struct Name {
    Modifier modifier;
    KeySymbol symbol;
    unsigned mask;
  };
  constexpr Name names[] = {{Modifier::ctrl, XK_Control_L, ControlMask},
                            {Modifier::alt, XK_Alt_L, Mod1Mask},
                            {Modifier::super, XK_Super_L, Mod4Mask},
                            {Modifier::shift, XK_Shift_L, ShiftMask}};
  const Keymap map(connection_);
  std::vector<KeyCode> keys;
  for (const Name& name : names) {
    if ((set & static_cast<Modifiers>(name.modifier)) == 0) continue;
    std::optional<KeyCode> key = map.find_in_any_group(name.symbol);
    if (!key) key = map.modifier_key(name.mask);
    if (!key) throw InputError(fmt::format("the keyboard has no key for the modifier mask 0x{:x}", name.mask));
    keys.push_back(*key);
  }
  return keys;
}

void Keyboard::chord(std::string_view text) {
  std::vector<KeySymbol> symbols = parse_chord(text);
  input_.expect_free_modifiers();
  forget_released();
  const Keymap map(connection_);
  std::vector<KeyCode> held;
  while (symbols.size() > 1 || (symbols.size() == 1 && is_modifier(symbols.front()))) {
    held.push_back(modifier_named(map, symbols.front(), text));
    symbols.erase(symbols.begin());
  }
  if (symbols.empty()) {  // modifiers alone
    const KeyCode last = held.back();
    held.pop_back();
    return press({.key = last, .modifiers = std::move(held)});
  }
  const bool combined = !held.empty() || holds_modifier();
  const KeySymbol symbol = combined ? without_case(symbols.front()) : symbols.front();
  std::optional<Unlocked> unlocked;
  if (character_of(symbol) > U' ' && !combined) unlocked.emplace(connection_);
  const std::optional<Stroke> stroke = find_stroke(map, symbol, combined);
  if (!stroke) return press_bound(std::move(held), symbol, map);
  for (const KeyCode key : stroke->modifiers) {
    if (std::find(held.begin(), held.end(), key) == held.end()) held.push_back(key);
  }
  press({.key = stroke->key, .modifiers = std::move(held)});
}

void Keyboard::press_bound(std::vector<KeyCode> held, KeySymbol symbol, const Keymap& map) {
  SpareKeys spare(connection_, map);
  spare.bind(std::array{symbol});
  press({.key = *spare.key(symbol), .modifiers = std::move(held)});
  reader_.wait_until_read();
}

void Keyboard::hold(std::string_view text) {
  const std::vector<KeySymbol> symbols = parse_chord(text);
  const std::vector<std::string> names = keys_of_chord(text), already = held();
  input_.expect_free_modifiers();
  const Keymap map(connection_);
  const bool combined = symbols.size() > 1 || holds_modifier();
  std::vector<HeldKey> wanted;  // all of them are found before the first is pressed
  for (size_t i = 0; i < symbols.size(); ++i) {
    if (std::find(already.begin(), already.end(), names[i]) != already.end()) continue;
    wanted.push_back({names[i], keys_to_hold(map, symbols[i], combined, text), is_modifier(symbols[i])});
  }
  try {
    for (HeldKey& key : wanted) {
      for (const KeyCode code : key.keys) input_.press_key(code);
      held_.push_back(std::move(key));
      std::this_thread::sleep_for(between_keys);
    }
  } catch (...) {
    input_.release_all();
    throw;
  }
}

bool Keyboard::let_go(std::string_view text) {
  const std::vector<std::string> names = keys_of_chord(text);
  forget_released();
  bool any = false;
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    const auto found = std::find_if(held_.begin(), held_.end(), [&](const HeldKey& key) { return key.name == *name; });
    if (found == held_.end()) continue;
    for (auto code = found->keys.rbegin(); code != found->keys.rend(); ++code) input_.release_key(*code);
    held_.erase(found);
    any = true;
  }
  return any;
}

std::vector<std::string> Keyboard::held() {
  forget_released();
  std::vector<std::string> names;
  for (const HeldKey& key : held_) names.push_back(key.name);
  return names;
}

void Keyboard::forget_released() {
  std::erase_if(held_, [this](const HeldKey& key) { return !input_.holds_key(key.keys.back()); });
}

bool Keyboard::holds_modifier() const {
  return std::any_of(held_.begin(), held_.end(), [](const HeldKey& key) { return key.modifier; });
}

void Keyboard::press(const Stroke& stroke) {
  if (input_.holds_key(stroke.key)) throw InputError("the key is held down: release it before it is pressed again");
  const Input::Hold hold(input_, stroke.modifiers);
  input_.tap_key(stroke.key);
}

void Keyboard::type(std::string_view utf8, const std::stop_token& stop) {
  const std::u32string text = typeable(utf8);
  if (text.empty() || stop.stop_requested()) return;
  if (const std::vector<std::string> down = held(); !down.empty())
    throw InputError(fmt::format("keys are held down ({}): text would mean something else; nothing was typed",
                                 fmt::join(down, "+")));
  input_.expect_free_modifiers();
  const Unlocked unlocked(connection_);
  const Keymap map(connection_);
  SpareKeys spare(connection_, map);
  const auto absent = [&](char32_t c) { return !map.find_character(c); };
  const auto first_absent = std::find_if(text.begin(), text.end(), absent);
  if (first_absent != text.end() && spare.capacity() == 0) {
    throw InputError(
        fmt::format("U+{:04X} is not on the keyboard layout and no keycode is free to bind it; nothing was typed",
                    static_cast<uint32_t>(*first_absent)));
  }
  for (size_t begin = 0; begin < text.size() && !stop.stop_requested();) {
    std::vector<KeySymbol> symbols;
    size_t end = begin;
    for (; end < text.size(); ++end) {
      const KeySymbol symbol = key_symbol_of(text[end]);
      if (!absent(text[end]) || std::find(symbols.begin(), symbols.end(), symbol) != symbols.end()) continue;
      if (symbols.size() == spare.capacity()) break;
      symbols.push_back(symbol);
    }
    if (!symbols.empty()) spare.bind(symbols);
    type_batch(std::u32string_view(text).substr(begin, end - begin), map, spare, stop);
    if (spare.any_bound()) reader_.wait_until_read();
    begin = end;
  }
  spare.restore();
}

void Keyboard::type_batch(std::u32string_view text, const Keymap& map, SpareKeys& spare, const std::stop_token& stop) {
  for (const char32_t c : text) {
    if (stop.stop_requested()) return;
    if (const std::optional<Stroke> stroke = map.find_character(c)) {
      press(*stroke);
    } else {
      input_.tap_key(spare.key(key_symbol_of(c)).value());
    }
    std::this_thread::sleep_for(between_keys);
  }
}

}  // namespace deskhand::x11
