#include "core/tokenizer/special_matcher.h"

#include <algorithm>
#include <utility>

namespace deskhand {

SpecialMatcher::SpecialMatcher(std::vector<Entry> entries) : entries_(std::move(entries)) {
  std::erase_if(entries_, [](const Entry& entry) { return entry.text.empty(); });
  std::stable_sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) { return a.text < b.text; });
  for (const Entry& entry : entries_) begins_[static_cast<unsigned char>(entry.text.front())] = true;
}

std::optional<SpecialMatcher::Match> SpecialMatcher::find(std::string_view text, size_t from) const {
  for (size_t at = from; at < text.size(); ++at) {
    if (!begins_[static_cast<unsigned char>(text[at])]) continue;
    if (const std::optional<Match> match = match_at(text, at)) return match;
  }
  return std::nullopt;
}

std::optional<SpecialMatcher::Match> SpecialMatcher::match_at(std::string_view text, size_t at) const {
  // [low, high) holds the entries that agree with the text in the first `depth` bytes.
  auto low = entries_.begin(), high = entries_.end();
  std::optional<Match> best;
  for (size_t depth = 0; low != high; ++depth) {
    if (low->text.size() == depth) {
      best = Match{at, depth, low->id};
      while (low != high && low->text.size() == depth) ++low;
    }
    if (at + depth >= text.size()) break;
    const auto byte = static_cast<unsigned char>(text[at + depth]);
    const auto before = [depth](const Entry& entry, unsigned char b) {
      return static_cast<unsigned char>(entry.text[depth]) < b;
    };
    const auto after = [depth](unsigned char b, const Entry& entry) {
      return b < static_cast<unsigned char>(entry.text[depth]);
    };
    low = std::lower_bound(low, high, byte, before);
    high = std::upper_bound(low, high, byte, after);
  }
  return best;
}

}  // namespace deskhand
