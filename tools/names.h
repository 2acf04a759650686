#pragma once
// Names of what is on the screen, as people and models say them.
//
//   resolve_name(screen, "submit!", NameUse::click)   // the button "Submit"
//   resolve_name(screen, "Remove #2", NameUse::click) // the second of that name
//
// Exact, then without case and punctuation, then prefix, then substring. Among equals the first in reading order; what
// the use allows goes before what it does not.

#include <string>
#include <string_view>
#include <vector>

#include "vision/screen_reader.h"

namespace deskhand {

enum class NameUse { click, fill, check };

/// Whether a call of this kind makes sense on the element.
bool allows(const ScreenElement& element, NameUse use);
/// Null when nothing bears the name.
const ScreenElement* resolve_name(const Screen& screen, std::string_view name, NameUse use);
/// The names that `resolve_name` maps back to exactly one element each, in reading order: "Remove", "Remove #2".
struct NamedElement {
  std::string name;
  const ScreenElement* element = nullptr;
};
std::vector<NamedElement> unique_names(const Screen& screen, NameUse use);
/// Lower case, letters and digits of any script, single spaces.
std::string plain_words(std::string_view text);
/// Whether `phrase` occurs in `text` as whole words, both in the form of plain_words.
bool contains_words(std::string_view text, std::string_view phrase);

/// The topmost window that contains the point; null when there is none.
const Window* window_at(const Screen& screen, ScreenPoint point);
/// The smallest element of that window that contains the point; null when there is none.
const ScreenElement* element_at(const Screen& screen, ScreenPoint point);
/// The element with keyboard focus in the active window; null when none says so.
const ScreenElement* focused_element(const Screen& screen);
/// The active window, else the topmost that is not ours; null when there is none.
const Window* active_window(const Screen& screen);

}  // namespace deskhand
