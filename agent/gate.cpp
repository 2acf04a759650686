#include "agent/gate.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
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
  const std::string name = untouched(screen);
  if (!name.empty()) reason_ = fmt::format("\"{}\" was not used yet", name);
  return name.empty();
}

std::string Gate::untouched(const Screen& screen) const {
  struct Named {
    std::string words, shown;
    bool counts = false;
  };
  std::vector<Named> names;  // the longest first, so that "Save as" is not "Save"
  for (const ScreenElement& element : screen.elements) {
    std::string words = plain_words(element.text);
    if (words.size() >= 2 && has_letter(words))
      names.push_back({std::move(words), display_name(element.text), counts_when_named(element)});
  }
  std::stable_sort(names.begin(), names.end(), [](const Named& a, const Named& b) {
    return a.words.size() != b.words.size() ? a.words.size() > b.words.size() : a.counts > b.counts;
  });
  std::string rest = goal_;
  for (const Named& named : names) {
    if (!contains_words(rest, named.words)) continue;
    if (named.counts && !touched_.contains(named.words)) return named.shown;
    for (size_t at = rest.find(named.words); at != std::string::npos; at = rest.find(named.words, at + 1))
      rest.replace(at, named.words.size(), named.words.size(), '.');
  }
  return {};
}

}  // namespace deskhand
