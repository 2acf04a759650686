#include "agent/reply/keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <stdexcept>

#include "agent/reply/error.h"
#include "agent/reply/literal.h"
#include "core/tokenizer/utf8.h"
#include "platform/key_chord.h"

namespace deskhand {
namespace {

using nlohmann::json;

struct KeyName {
  std::string_view said, key;
};

constexpr KeyName known_names[] = {{"ctrl", "ctrl"},
                                   {"control", "ctrl"},
                                   {"ctl", "ctrl"},
                                   {"control_l", "ctrl"},
                                   {"control_r", "ctrl"},
                                   {"shift", "shift"},
                                   {"shift_l", "shift"},
                                   {"shift_r", "shift"},
                                   {"alt", "alt"},
                                   {"option", "alt"},
                                   {"alt_l", "alt"},
                                   {"alt_r", "alt"},
                                   {"super", "super"},
                                   {"win", "super"},
                                   {"windows", "super"},
                                   {"meta", "super"},
                                   {"cmd", "super"},
                                   {"command", "super"},
                                   {"super_l", "super"},
                                   {"super_r", "super"},
                                   {"return", "Return"},
                                   {"enter", "Return"},
                                   {"esc", "Escape"},
                                   {"escape", "Escape"},
                                   {"backspace", "BackSpace"},
                                   {"del", "Delete"},
                                   {"delete", "Delete"},
                                   {"ins", "Insert"},
                                   {"insert", "Insert"},
                                   {"tab", "Tab"},
                                   {"space", "space"},
                                   {"spacebar", "space"},
                                   {"home", "Home"},
                                   {"end", "End"},
                                   {"up", "Up"},
                                   {"down", "Down"},
                                   {"left", "Left"},
                                   {"right", "Right"},
                                   {"arrowup", "Up"},
                                   {"arrowdown", "Down"},
                                   {"arrowleft", "Left"},
                                   {"arrowright", "Right"},
                                   {"arrow_up", "Up"},
                                   {"arrow_down", "Down"},
                                   {"arrow_left", "Left"},
                                   {"arrow_right", "Right"},
                                   {"pageup", "Page_Up"},
                                   {"page_up", "Page_Up"},
                                   {"pgup", "Page_Up"},
                                   {"pagedown", "Page_Down"},
                                   {"page_down", "Page_Down"},
                                   {"pgdn", "Page_Down"},
                                   {"pgdown", "Page_Down"},
                                   {"capslock", "Caps_Lock"},
                                   {"caps_lock", "Caps_Lock"},
                                   {"printscreen", "Print"},
                                   {"+", "plus"},
                                   {"-", "minus"},
                                   {"=", "equal"},
                                   {",", "comma"},
                                   {".", "period"},
                                   {"/", "slash"},
                                   {"\\", "backslash"},
                                   {";", "semicolon"},
                                   {"'", "apostrophe"},
                                   {"`", "grave"},
                                   {"[", "bracketleft"},
                                   {"]", "bracketright"},
                                   {" ", "space"}};

constexpr std::string_view modifiers[] = {"ctrl", "shift", "alt", "super"};

bool is_modifier(std::string_view key) {
  return std::find(std::begin(modifiers), std::end(modifiers), key) != std::end(modifiers);
}

[[noreturn]] void refuse(std::string_view where, std::string_view name) {
  throw DialectError(ReplyFault::bad_args,
                     fmt::format("{}: {} is no key, expected names such as ctrl, Return, F5 or single characters",
                                 where, quoted_beginning(name)));
}

std::string lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

/// A name of X's own spelling.
std::optional<std::string> other_key(const std::string& name) {
  if (name.find_first_of("+ *?[") != std::string::npos) return std::nullopt;
  try {
    return parse_chord(name).size() == 1 ? std::optional(canonical_chord(name)) : std::nullopt;
  } catch (const std::invalid_argument&) {
    return std::nullopt;
  }
}

std::string key_of(std::string_view name, std::string_view where) {
  const std::string folded = lowered(name);
  for (const KeyName& known : known_names)
    if (folded == known.said) return std::string(known.key);
  if (folded.size() >= 2 && folded[0] == 'f' && folded.find_first_not_of("0123456789", 1) == std::string::npos) {
    const std::optional<double> number = whole_number(folded.substr(1));
    if (!number || *number < 1 || *number > 24 || folded[1] == '0') refuse(where, name);
    return "F" + folded.substr(1);
  }
  const Utf8Char first = name.empty() ? Utf8Char{} : next_utf8(name, 0);
  if (first.valid && first.length == name.size() && first.code > ' ') return folded;
  if (const std::optional<std::string> key = other_key(std::string(name))) return *key;
  refuse(where, name);
}

/// Models wrap lists in lists: what is left of it around a name goes.
std::string_view cleaned(std::string_view token) {
  constexpr std::string_view junk = "[](){}'\" \t\r\n";
  for (size_t before = 0; token.size() > 1 && token.size() != before;) {
    before = token.size();
    if (token.starts_with("keys=")) token.remove_prefix(5);
    while (token.size() > 1 && junk.find(token.front()) != std::string_view::npos) token.remove_prefix(1);
    while (token.size() > 1 && junk.find(token.back()) != std::string_view::npos) token.remove_suffix(1);
  }
  return token;
}

/// Splits at "+"; one that opens a name is the key itself.
void add_names(std::string_view text, std::string_view where, std::vector<std::string>& names) {
  if (text.empty()) refuse(where, text);
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find('+', begin + 1), text.size());
    names.push_back(key_of(cleaned(text.substr(begin, end - begin)), where));
    begin = end + 1;
    if (end == text.size()) return;
  }
}

std::vector<std::string_view> words_of(std::string_view text) {
  constexpr std::string_view parting = " \t\r\n";
  std::vector<std::string_view> words;
  for (size_t at = text.find_first_not_of(parting); at != std::string_view::npos;) {
    const size_t end = std::min(text.find_first_of(parting, at), text.size());
    words.push_back(text.substr(at, end - at));
    at = text.find_first_not_of(parting, end);
  }
  return words;
}

}  // namespace

std::vector<std::string> key_names(const json& value, std::string_view where, KeySeparator separator) {
  std::vector<std::string> names;
  if (value.is_array()) {
    for (const json& item : value) {
      if (item.is_number_integer() && item >= 0 && item <= 9)
        names.push_back(item.dump());
      else if (item.is_string())
        add_names(item.get_ref<const std::string&>(), where, names);
      else
        refuse(where, item.dump(-1, ' ', false, json::error_handler_t::replace));
    }
  } else if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    if (trimmed(text).size() > 1 && trimmed(text).starts_with('[')) {
      const std::optional<json> list = whole_value(text);
      if (list && list->is_array()) return key_names(*list, where, separator);
    }
    if (separator == KeySeparator::plus) {
      add_names(text == " " ? text : trimmed(text), where, names);
      return names;
    }
    for (const std::string_view word : words_of(text)) add_names(word, where, names);
  } else {
    refuse(where, value.dump(-1, ' ', false, json::error_handler_t::replace));
  }
  if (names.empty()) throw DialectError(ReplyFault::bad_args, fmt::format("{}: no key is named", where));
  return names;
}

std::string one_chord(const std::vector<std::string>& names) {
  std::vector<std::string_view> ordered;
  std::copy_if(names.begin(), names.end(), std::back_inserter(ordered), is_modifier);
  std::remove_copy_if(names.begin(), names.end(), std::back_inserter(ordered), is_modifier);
  return fmt::format("{}", fmt::join(ordered, "+"));
}

std::vector<std::string> chords_of(const std::vector<std::string>& names) {
  if (std::any_of(names.begin(), names.end(), is_modifier)) return {one_chord(names)};
  return names;
}

std::string modifiers_of(const json& value, std::string_view where) {
  const std::vector<std::string> names = key_names(value, where);
  if (!std::all_of(names.begin(), names.end(), is_modifier))
    throw DialectError(ReplyFault::bad_args, fmt::format("{}: {} is no modifier, expected ctrl, shift, alt or super",
                                                         where, quoted_beginning(one_chord(names))));
  return one_chord(names);
}

}  // namespace deskhand
