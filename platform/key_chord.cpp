#include "platform/key_chord.h"

#include <fmt/format.h>
#include <xkbcommon/xkbcommon-keysyms.h>
#include <xkbcommon/xkbcommon.h>

#include <algorithm>
#include <stdexcept>
#include <string>

#include "platform/desktop.h"

namespace deskhand {
namespace {

struct Alias {
  std::string_view name;
  KeySymbol symbol;
};

constexpr Alias aliases[] = {
    {"alt", XKB_KEY_Alt_L},       {"cmd", XKB_KEY_Super_L},   {"control", XKB_KEY_Control_L},
    {"ctrl", XKB_KEY_Control_L},  {"del", XKB_KEY_Delete},    {"enter", XKB_KEY_Return},
    {"esc", XKB_KEY_Escape},      {"ins", XKB_KEY_Insert},    {"meta", XKB_KEY_Meta_L},
    {"option", XKB_KEY_Alt_L},    {"pagedown", XKB_KEY_Next}, {"pageup", XKB_KEY_Prior},
    {"return", XKB_KEY_Return},   {"shift", XKB_KEY_Shift_L}, {"spacebar", XKB_KEY_space},
    {"super", XKB_KEY_Super_L},   {"win", XKB_KEY_Super_L},   {"altgr", XKB_KEY_ISO_Level3_Shift},
    {"windows", XKB_KEY_Super_L},
};

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return c < 128 ? std::tolower(c) : c; });
  return out;
}

KeySymbol single_character(std::string_view name) {
  if (name.empty() || name.size() > 4 || (name.size() > 1 && static_cast<unsigned char>(name[0]) < 0x80)) return 0;
  const std::u32string points = decode_utf8(name);
  return points.size() == 1 ? key_symbol_of(points[0]) : 0;
}

KeySymbol key_named(std::string_view name) {
  const std::string exact(name);
  if (const KeySymbol symbol = single_character(name)) return symbol;
  if (const KeySymbol symbol = xkb_keysym_from_name(exact.c_str(), XKB_KEYSYM_NO_FLAGS)) return symbol;
  const std::string folded = lower(name);
  for (const Alias& alias : aliases) {
    if (folded == alias.name) return alias.symbol;
  }
  return xkb_keysym_from_name(exact.c_str(), XKB_KEYSYM_CASE_INSENSITIVE);
}

/// Splits at '+'; a '+' that follows another '+' or opens the chord is the key itself.
std::vector<std::string_view> split_chord(std::string_view chord) {
  std::vector<std::string_view> parts;
  size_t begin = 0;
  while (begin < chord.size()) {
    size_t end = chord.find('+', begin + 1);
    if (end == std::string_view::npos) end = chord.size();
    parts.push_back(chord.substr(begin, end - begin));
    if (end + 1 == chord.size()) parts.push_back({});
    begin = end + 1;
  }
  return parts;
}

constexpr std::string_view modifier_names[] = {"ctrl", "alt", "shift", "super", "altgr"};

/// The place of a modifier in modifier_names, and so in a canonical chord; −1 for other keys. Meta is alt in
/// XKB's layouts.
int modifier_place(KeySymbol symbol) {
  switch (symbol) {
    case XKB_KEY_Control_L:
    case XKB_KEY_Control_R:
      return 0;
    case XKB_KEY_Alt_L:
    case XKB_KEY_Alt_R:
    case XKB_KEY_Meta_L:
    case XKB_KEY_Meta_R:
      return 1;
    case XKB_KEY_Shift_L:
    case XKB_KEY_Shift_R:
      return 2;
    case XKB_KEY_Super_L:
    case XKB_KEY_Super_R:
    case XKB_KEY_Hyper_L:
    case XKB_KEY_Hyper_R:
      return 3;
    case XKB_KEY_ISO_Level3_Shift:
    case XKB_KEY_Mode_switch:
      return 4;
    default:
      return -1;
  }
}

/// The keysym's name, that of the plain key for one of the number pad.
std::string plain_key_name(KeySymbol symbol) {
  char name[64];
  if (xkb_keysym_get_name(symbol, name, sizeof name) <= 0) return "";
  constexpr std::string_view pad = "KP_";
  const std::string_view whole = name;
  if (whole == "KP_Enter" || whole == "ISO_Enter" || whole == "3270_Enter" || whole == "Linefeed") return "Return";
  if (!whole.starts_with(pad)) return name;
  const std::string plain =
      lower(whole.substr(pad.size())) == "space" ? "space" : std::string(whole.substr(pad.size()));
  return xkb_keysym_from_name(plain.c_str(), XKB_KEYSYM_NO_FLAGS) != 0 ? plain_key_name(key_named(plain)) : name;
}

}  // namespace

std::string canonical_chord(std::string_view chord, ChordText text) {
  bool held[std::size(modifier_names)] = {};
  bool any_held = false;
  std::vector<KeySymbol> symbols;
  std::vector<std::string> keys;
  for (const std::string_view part : split_chord(chord)) {
    const bool open = text == ChordText::pattern && part.find_first_of("*?[") != std::string_view::npos;
    const KeySymbol symbol = open ? 0 : key_named(part);
    if (const int place = modifier_place(symbol); place >= 0) {
      held[place] = any_held = true;
    } else {
      symbols.push_back(symbol);
      keys.push_back(symbol != 0 ? plain_key_name(symbol) : std::string(part));
    }
  }
  std::vector<std::string> parts;
  for (size_t i = 0; i < std::size(modifier_names); ++i) {
    if (held[i]) parts.emplace_back(modifier_names[i]);
  }
  for (size_t i = 0; i < keys.size(); ++i) {
    // With a modifier a capital is the letter's key: no shift is pressed.
    const KeySymbol small = symbols[i] != 0 ? xkb_keysym_to_lower(symbols[i]) : 0;
    parts.push_back(any_held && small != symbols[i] ? plain_key_name(small) : keys[i]);
  }
  return fmt::format("{}", fmt::join(parts, "+"));
}

std::vector<KeySymbol> parse_chord(std::string_view chord) {
  std::vector<KeySymbol> symbols;
  const std::vector<std::string_view> names = split_chord(chord);
  for (const std::string_view name : names) {
    const KeySymbol symbol = key_named(name);
    if (symbol == 0) {
      throw std::invalid_argument(fmt::format(
          "unknown key \"{}\" in \"{}\": expected names such as Return, Escape, ctrl, F4 or a character", name, chord));
    }
    if (symbols.size() + 1 < names.size() && modifier_place(symbol) < 0) {
      throw std::invalid_argument(
          fmt::format("\"{}\" in \"{}\" is no modifier: expected modifiers, then one key", name, chord));
    }
    symbols.push_back(symbol);
  }
  if (symbols.empty()) throw std::invalid_argument("empty key: expected names such as Return or ctrl+s");
  return symbols;
}

std::vector<std::string> keys_of_chord(std::string_view chord) {
  std::vector<std::string> names;
  for (const KeySymbol symbol : parse_chord(chord)) {
    const int place = modifier_place(symbol);
    names.push_back(place >= 0 ? std::string(modifier_names[place]) : plain_key_name(xkb_keysym_to_lower(symbol)));
  }
  return names;
}

std::string chord_while_held(std::span<const std::string> held, std::string_view chord) {
  const auto is_modifier = [](std::string_view name) { return modifier_place(key_named(name)) >= 0; };
  const std::vector<std::string_view> parts = split_chord(chord);
  const bool modifiers_alone = std::all_of(parts.begin(), parts.end(), is_modifier);
  std::string all;
  for (const std::string& name : held)
    if (modifiers_alone || is_modifier(name)) all += name + "+";
  return canonical_chord(all.append(chord));
}

bool types_character(std::string_view chord) {
  try {
    const std::vector<KeySymbol> symbols = parse_chord(chord);
    const bool plain = std::all_of(symbols.begin(), symbols.end() - 1, [](KeySymbol symbol) {
      const int place = modifier_place(symbol);
      return place == 2 || place == 4;  // shift and altgr choose a character
    });
    return plain && character_of(symbols.back()) > U' ';
  } catch (const std::invalid_argument&) {
    return false;  // it will not be pressed
  }
}

Modifiers parse_modifiers(std::string_view text) {
  Modifiers set = 0;
  while (!text.empty()) {
    const size_t plus = std::min(text.find('+'), text.size());
    const std::string name = lower(text.substr(0, plus));
    if (name == "shift") {
      set |= static_cast<Modifiers>(Modifier::shift);
    } else if (name == "ctrl" || name == "control") {
      set |= static_cast<Modifiers>(Modifier::ctrl);
    } else if (name == "alt") {
      set |= static_cast<Modifiers>(Modifier::alt);
    } else if (name == "super") {
      set |= static_cast<Modifiers>(Modifier::super);
    } else {
      throw std::invalid_argument(fmt::format("unknown modifier \"{}\": expected shift, ctrl, alt or super", name));
    }
    text.remove_prefix(std::min(plus + 1, text.size()));
  }
  return set;
}

KeySymbol key_symbol_of(char32_t character) {
  if (character == U'\n' || character == U'\r') return XKB_KEY_Return;
  if (character == U'\t') return XKB_KEY_Tab;
  if (character < 0x20 || (character >= 0x7f && character < 0xa0)) return 0;
  return xkb_utf32_to_keysym(character);
}

char32_t character_of(KeySymbol symbol) {
  if (symbol == XKB_KEY_Return) return U'\n';
  if (symbol == XKB_KEY_Tab) return U'\t';
  const char32_t character = xkb_keysym_to_utf32(symbol);
  return character < 0x20 || character == 0x7f ? 0 : character;
}

std::u32string decode_utf8(std::string_view text) {
  std::u32string out;
  for (size_t i = 0; i < text.size();) {
    const auto first = static_cast<unsigned char>(text[i]);
    const size_t length = first < 0x80   ? 1
                          : first < 0xc2 ? 0
                          : first < 0xe0 ? 2
                          : first < 0xf0 ? 3
                          : first < 0xf5 ? 4
                                         : 0;
    char32_t point = length == 1 ? first : first & (0x7fU >> length);
    bool valid = length != 0 && i + length <= text.size();
    for (size_t k = 1; valid && k < length; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      valid = (next & 0xc0) == 0x80;
      point = (point << 6) | (next & 0x3f);
    }
    constexpr char32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (!valid || point < smallest[length] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) {
      throw std::invalid_argument(fmt::format("text is not UTF-8 at byte {} (0x{:02x})", i, first));
    }
    out.push_back(point);
    i += length;
  }
  return out;
}

}  // namespace deskhand
