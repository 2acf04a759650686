#include "tools/names.h"

#include <utf8proc.h>

#include <algorithm>
#include <charconv>
#include <map>

namespace deskhand {
namespace {

constexpr size_t max_name_characters = 60;

bool is_word_character(utf8proc_int32_t code) {
  switch (utf8proc_category(code)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
      return true;
    default:
      return false;
  }
}

bool any_element(const Screen& screen, bool ScreenElement::*flag) {
  return std::any_of(screen.elements.begin(), screen.elements.end(), [&](const ScreenElement& e) { return e.*flag; });
}

bool has_click_role(Role role) {
  switch (role) {
    case Role::label:
    case Role::heading:
    case Role::window:
    case Role::dialog:
    case Role::canvas:
    case Role::image:
    case Role::other:
      return false;
    default:
      return true;
  }
}

bool has_check_role(Role role) {
  return role == Role::checkbox || role == Role::radio_button || role == Role::toggle_button;
}

bool has_field_role(Role role) {
  return role == Role::text_field || role == Role::password_field || role == Role::text_area ||
         role == Role::spin_button;
}

struct NumberedName {
  std::string_view name;
  int number = 0;  ///< 0: none was given
};

/// "Remove #2" → {"Remove", 2}.
NumberedName split_number(std::string_view name) {
  const size_t hash = name.rfind('#');
  if (hash == std::string_view::npos || hash == 0 || hash + 1 == name.size()) return {name, 0};
  int number = 0;
  const char* end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data() + hash + 1, end, number);
  if (error != std::errc{} || stop != end || number < 1) return {name, 0};
  std::string_view base = name.substr(0, hash);
  while (!base.empty() && base.back() == ' ') base.remove_suffix(1);
  return {base, number};
}

/// A number counts what can be clicked. Without one: the first that allows the use, else the first, so that the caller
/// can say why it does not.
template <class Matches>
const ScreenElement* match(const Screen& screen, NameUse use, int number, Matches matches) {
  const ScreenElement* first = nullptr;
  int count = 0;
  for (const ScreenElement& element : screen.elements) {
    if (element.text.empty() || !matches(element)) continue;
    if (number == 0 && allows(screen, element, use)) return &element;
    if (number > 0 && allows(screen, element, NameUse::click) && ++count == number) return &element;
    if (!first) first = &element;
  }
  return number == 0 ? first : nullptr;
}

const ScreenElement* resolve_numbered(const Screen& screen, NumberedName wanted, NameUse use) {
  const auto [name, number] = wanted;
  const std::string shown = display_name(name);
  const auto is_exact = [&](const ScreenElement& e) { return e.text == name || display_name(e.text) == shown; };
  const ScreenElement* fallback = nullptr;  // bears the name but does not allow the use
  const auto try_match = [&](auto matches) {
    const ScreenElement* found = match(screen, use, number, matches);
    if (found && allows(screen, *found, use)) return found;
    if (!fallback) fallback = found;
    return static_cast<const ScreenElement*>(nullptr);
  };
  if (const ScreenElement* found = try_match(is_exact)) return found;
  const std::string words = plain_words(name);
  if (words.empty()) return fallback;
  const auto is_same = [&](const ScreenElement& e) { return plain_words(e.text) == words; };
  if (const ScreenElement* found = try_match(is_same)) return found;
  const auto is_prefix = [&](const ScreenElement& e) { return plain_words(e.text).starts_with(words); };
  if (const ScreenElement* found = try_match(is_prefix)) return found;
  const auto is_part = [&](const ScreenElement& e) { return plain_words(e.text).find(words) != std::string::npos; };
  if (const ScreenElement* found = try_match(is_part)) return found;
  return fallback;
}

}  // namespace

bool allows(const Screen& screen, const ScreenElement& element, NameUse use) {
  if (!element.enabled || element.box.empty()) return false;
  const bool read = element.source != ElementSource::accessibility;  // of pixels: role and state are unknown
  switch (use) {
    case NameUse::click:
      return read || element.clickable || element.checkable || element.editable || has_click_role(element.role);
    case NameUse::fill:
      if (element.editable || has_field_role(element.role)) return true;
      return read && !any_element(screen, &ScreenElement::editable);
    case NameUse::check:
      if (element.checkable || has_check_role(element.role)) return true;
      return read && !any_element(screen, &ScreenElement::checkable);
  }
  return false;
}

const ScreenElement* resolve_name(const Screen& screen, std::string_view name, NameUse use) {
  const NumberedName wanted = split_number(name);
  if (wanted.number > 0)  // "C #2" may be the whole name
    if (const ScreenElement* found = match(screen, use, 0, [&](const ScreenElement& e) { return e.text == name; }))
      return found;
  return resolve_numbered(screen, wanted, use);
}

std::vector<NamedElement> unique_names(const Screen& screen, NameUse use) {
  std::vector<NamedElement> names;
  std::map<std::string, int> seen;
  for (const ScreenElement& element : screen.elements) {
    if (!allows(screen, element, NameUse::click)) continue;
    std::string name = display_name(element.text);
    if (name.empty()) continue;
    const int number = ++seen[name];
    if (!allows(screen, element, use)) continue;
    if (number > 1) name += " #" + std::to_string(number);
    if (resolve_name(screen, name, use) == &element) names.push_back({std::move(name), &element});
  }
  return names;
}

std::string display_name(std::string_view text) {
  std::string shown;
  size_t characters = 0;
  for (size_t i = 0; i < text.size() && characters < max_name_characters;) {
    utf8proc_int32_t code = 0;
    const utf8proc_ssize_t length = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + i,
                                                     static_cast<utf8proc_ssize_t>(text.size() - i), &code);
    const size_t bytes = length > 0 ? static_cast<size_t>(length) : 1;
    const utf8proc_category_t category = length > 0 ? utf8proc_category(code) : UTF8PROC_CATEGORY_CN;
    const bool blank = category == UTF8PROC_CATEGORY_CC || category == UTF8PROC_CATEGORY_ZS ||
                       category == UTF8PROC_CATEGORY_ZL || category == UTF8PROC_CATEGORY_ZP ||
                       category == UTF8PROC_CATEGORY_CF || length <= 0;
    if (!blank) {
      shown.append(text.substr(i, bytes));
      ++characters;
    } else if (!shown.empty() && shown.back() != ' ') {
      shown += ' ';
      ++characters;
    }
    i += bytes;
  }
  while (!shown.empty() && shown.back() == ' ') shown.pop_back();
  return shown;
}

std::string plain_words(std::string_view text) {
  utf8proc_uint8_t* mapped = nullptr;
  const auto options =
      static_cast<utf8proc_option_t>(UTF8PROC_CASEFOLD | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_IGNORE);
  const utf8proc_ssize_t size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                             static_cast<utf8proc_ssize_t>(text.size()), &mapped, options);
  const std::unique_ptr<utf8proc_uint8_t, decltype(&free)> owner(mapped, &free);
  if (size < 0) return {};  // no valid UTF-8
  std::string words;
  for (utf8proc_ssize_t i = 0; i < size;) {
    utf8proc_int32_t code = 0;
    const utf8proc_ssize_t length = utf8proc_iterate(mapped + i, size - i, &code);
    if (length <= 0) break;
    if (is_word_character(code)) {
      words.append(reinterpret_cast<const char*>(mapped + i), static_cast<size_t>(length));
    } else if (!words.empty() && words.back() != ' ') {
      words += ' ';
    }
    i += length;
  }
  while (!words.empty() && words.back() == ' ') words.pop_back();
  return words;
}

bool contains_words(std::string_view text, std::string_view phrase) {
  if (phrase.empty()) return false;
  for (size_t at = text.find(phrase); at != std::string_view::npos; at = text.find(phrase, at + 1)) {
    const size_t end = at + phrase.size();
    if ((at == 0 || text[at - 1] == ' ') && (end == text.size() || text[end] == ' ')) return true;
  }
  return false;
}

const Window* window_at(const Screen& screen, ScreenPoint point) {
  for (const Window& window : screen.windows)
    if (window.box.contains(point)) return &window;
  return nullptr;
}

const ScreenElement* element_at(const Screen& screen, ScreenPoint point) {
  const Window* window = window_at(screen, point);
  const ScreenElement* best = nullptr;
  const auto area = [](const ScreenRect& box) { return int64_t{box.width()} * box.height(); };
  for (const ScreenElement& element : screen.elements) {
    if (!element.box.contains(point)) continue;
    if (window && element.window != 0 && element.window != window->id) continue;
    if (!best || area(element.box) < area(best->box)) best = &element;
  }
  return best;
}

const Window* active_window(const Screen& screen) {
  const Window* top = nullptr;
  for (const Window& window : screen.windows) {
    if (window.ours || window.popup) continue;
    if (window.active) return &window;
    if (!top) top = &window;
  }
  return top;
}

const ScreenElement* focused_element(const Screen& screen) {
  const Window* active = active_window(screen);
  for (const ScreenElement& element : screen.elements) {
    if (!element.focused) continue;
    const Window* window = find_window(screen, element.window);
    if (!window || window == active || window->popup) return &element;
  }
  return nullptr;
}

const Window* find_window(const Screen& screen, WindowId id) {
  for (const Window& window : screen.windows)
    if (window.id == id) return &window;
  return nullptr;
}

}  // namespace deskhand
