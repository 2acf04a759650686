#include "agent/gate.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "tools/names.h"

namespace deskhand {
namespace {

constexpr std::array question_words = {"what", "which", "who",  "whose",  "when", "where", "why",  "how",
                                       "is",   "are",   "was",  "were",   "does", "do",    "did",  "can",
                                       "tell", "say",   "read", "report", "has",  "have",  "count"};

bool counts_when_named(const ScreenElement& element) {
  switch (element.role) {
    case Role::button:
    case Role::checkbox:
    case Role::radio_button:
    case Role::toggle_button:
    case Role::list_item:
    case Role::table_cell:
    case Role::tree_item:
    case Role::tab:
      return element.enabled;
    default:
      return false;
  }
}

/// Words that say nothing about what a box is for.
constexpr std::array empty_words = {"with", "this", "that", "them", "from",  "your", "have", "will", "when",
                                    "into", "only", "also", "then", "their", "not",  "and",  "the",  "for"};

std::vector<std::string> telling_words(const std::string& words) {
  std::vector<std::string> out;
  for (size_t at = 0; at < words.size();) {
    const size_t end = std::min(words.find(' ', at), words.size());
    std::string word = words.substr(at, end - at);
    at = end + 1;
    if (word.size() >= 3 && std::find(empty_words.begin(), empty_words.end(), word) == empty_words.end())
      out.push_back(std::move(word));
  }
  return out;
}

/// "slice" is a word of "sliced bread".
bool shares_a_word(const std::string& name, const std::string& goal) {
  if (!name.empty() && contains_words(goal, name)) return true;
  constexpr size_t stem = 4;
  const std::vector<std::string> spoken = telling_words(goal);
  for (const std::string& word : telling_words(name))
    for (const std::string& other : spoken)
      if (word == other || (word.size() >= stem && other.starts_with(word)) ||
          (other.size() >= stem && word.starts_with(other)))
        return true;
  return false;
}

bool has_letter(const std::string& words) {
  return std::any_of(words.begin(), words.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c & 0x80); });
}

}  // namespace

bool asks_question(const std::string& goal) {
  if (goal.find('?') != std::string::npos) return true;
  const std::string words = plain_words(goal);
  const std::string first = words.substr(0, words.find(' '));
  return std::find(question_words.begin(), question_words.end(), first) != question_words.end();
}

Gate::Gate(const std::string& goal, const Screen& first) : goal_(plain_words(goal)), question_(asks_question(goal)) {
  for (const Window& window : first.windows) first_windows_.insert(window.id);
}

void Gate::touched(const ScreenElement& element) {
  touched_.insert(plain_words(element.text));
}

bool Gate::open(const Screen& screen, int actions) {
  reason_.clear();
  if (refusals_ >= max_refusals) return true;
  if (actions == 0 && !question_) {
    reason_ = "nothing was done yet";
    return false;
  }
  for (const Window& window : screen.windows) {
    if (!window.dialog || window.popup || window.ours || first_windows_.contains(window.id)) continue;
    reason_ = fmt::format("the dialog \"{}\" is still open", display_name(window.title));
    return false;
  }
  for (const Named& thing : named(screen)) {
    if (thing.touched) continue;
    reason_ = fmt::format("\"{}\" was not used yet", thing.shown);
    return false;
  }
  return true;
}

std::vector<Gate::Named> Gate::named(const Screen& screen) const {
  std::vector<std::pair<std::string, const ScreenElement*>> names;  // the longest first: "Save as" is not "Save"
  for (const ScreenElement& element : screen.elements) {
    std::string words = plain_words(element.text);
    if (words.size() >= 2 && has_letter(words)) names.emplace_back(std::move(words), &element);
  }
  std::stable_sort(names.begin(), names.end(), [](const auto& a, const auto& b) {
    if (a.first.size() != b.first.size()) return a.first.size() > b.first.size();
    if (a.first != b.first) return a.first < b.first;
    return counts_when_named(*a.second) > counts_when_named(*b.second);
  });
  std::vector<Named> found;
  std::string rest = " " + goal_ + " ";
  for (const auto& [words, element] : names) {
    const bool again = !found.empty() && found.back().words == words;
    if (again && counts_when_named(*element)) found.back().ids.insert(element->id);
    if (again || !contains_words(rest, words)) continue;
    const std::string spaced = " " + words + " ";
    const size_t position = rest.rfind(spaced);
    for (size_t at = rest.find(spaced); at != std::string::npos; at = rest.find(spaced, at + 1))
      rest.replace(at + 1, words.size(), words.size(), '.');
    if (!counts_when_named(*element)) continue;
    found.push_back({words, display_name(element->text), position, touched_.contains(words), {element->id}});
  }
  std::sort(found.begin(), found.end(), [](const Named& a, const Named& b) { return a.position < b.position; });
  return found;
}

std::set<int> Gate::waiting(const Screen& screen) const {
  std::set<int> ids;
  if (refusals_ >= max_refusals) return ids;
  bool missing = false;
  for (const Named& thing : named(screen)) {
    if (missing && !thing.touched) ids.insert(thing.ids.begin(), thing.ids.end());
    missing = missing || !thing.touched;
  }
  return ids;
}

std::set<int> Gate::foreign(const Screen& screen) const {
  std::set<int> ids;
  bool speaks_of_one = false;
  for (const ScreenElement& element : screen.elements) {
    if (!allows(screen, element, NameUse::check) || element.text.empty()) continue;
    const bool spoken_of = shares_a_word(plain_words(element.text), goal_);
    speaks_of_one = speaks_of_one || spoken_of;
    if (!spoken_of) ids.insert(element.id);
  }
  return speaks_of_one ? ids : std::set<int>{};
}

}  // namespace deskhand
