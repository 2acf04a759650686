#pragma once
// Names of what is on the screen, as people and models say them.
//
//   resolve_name(screen, "submit!", NameUse::click)   // the button "Submit"
//   resolve_name(screen, "Remove #2", NameUse::click) // the second of that name
//
// Exact, then without case and punctuation, then prefix, then substring; what does not allow the use comes last. Among
// equals the first in reading order. "#2" counts what can be clicked under that name.

#include <string>
#include <string_view>
#include <vector>

#include "vision/screen_reader.h"

namespace deskhand {

enum class NameUse { click, fill, check };

/// Whether a call of this kind makes sense on the element.
bool allows(const Screen& screen, const ScreenElement& element, NameUse use);
/// Null when nothing bears the name.
const ScreenElement* resolve_name(const Screen& screen, std::string_view name, NameUse use);

struct NamedElement {
  std::string name{};  ///< resolve_name maps it back to this element
  const ScreenElement* element = nullptr;
};
/// What a call of this kind can name, in reading order: "Remove", "Remove #2".
std::vector<NamedElement> unique_names(const Screen& screen, NameUse use);

/// One line, single spaces, at most 60 characters.
std::string display_name(std::string_view text);
/// Lower case, letters and digits of any script, single spaces; empty for "+".
std::string plain_words(std::string_view text);
/// Whether `phrase` occurs in `text` as whole words, both in the form of plain_words.
bool contains_words(std::string_view text, std::string_view phrase);

/// The topmost window that contains the point; null when there is none.
const Window* window_at(const Screen& screen, ScreenPoint point);
/// The smallest element of that window that contains the point; null when there is none.
const ScreenElement* element_at(const Screen& screen, ScreenPoint point);
/// The active window, else the topmost; null when there is none. Never our own.
const Window* active_window(const Screen& screen);
/// The element of the active window, or of a popup, that has the keyboard focus; null when none says so.
const ScreenElement* focused_element(const Screen& screen);
/// Null when it is not listed.
const Window* find_window(const Screen& screen, WindowId id);

}  // namespace deskhand
