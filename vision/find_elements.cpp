#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <optional>

#include "vision/screen_reader.h"

namespace deskhand {
namespace {

constexpr double exact = 1, folded = 0.95, prefix = 0.8, substring = 0.7, wordy = 0.6, value_only = 0.5, similar = 0.5;
constexpr double least_similarity = 0.7;
constexpr size_t longest_compared = 80;  ///< bytes; spelling is compared for captions, not for paragraphs

/// Without case, width, punctuation: "Save As…" is "save as".
std::string fold(std::string_view text) {
  utf8proc_uint8_t* mapped = nullptr;
  const auto options = static_cast<utf8proc_option_t>(UTF8PROC_CASEFOLD | UTF8PROC_COMPAT | UTF8PROC_COMPOSE |
                                                      UTF8PROC_IGNORE | UTF8PROC_STABLE);
  const auto size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                 static_cast<utf8proc_ssize_t>(text.size()), &mapped, options);
  if (size < 0) return std::string(text);  // not UTF-8
  const std::unique_ptr<utf8proc_uint8_t, void (*)(void*)> owner(mapped, std::free);
  std::string out;
  for (utf8proc_ssize_t i = 0; i < size;) {
    utf8proc_int32_t point = 0;
    const auto length = std::max<utf8proc_ssize_t>(utf8proc_iterate(mapped + i, size - i, &point), 1);
    const utf8proc_category_t kind = utf8proc_category(point);
    const bool letter = kind >= UTF8PROC_CATEGORY_LU && kind <= UTF8PROC_CATEGORY_NO;  // or mark or digit
    const bool symbol = kind >= UTF8PROC_CATEGORY_SM && kind <= UTF8PROC_CATEGORY_SO;  // "+" and "=" are keys
    if (letter || symbol) {
      out.append(reinterpret_cast<const char*>(mapped + i), static_cast<size_t>(length));
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
    i += length;
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

/// 1 − edit distance / length of the longer, in bytes.
double similarity(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty() || a.size() > longest_compared || b.size() > longest_compared) return 0;
  std::vector<size_t> row(b.size() + 1);
  for (size_t k = 0; k <= b.size(); ++k) row[k] = k;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t k = 1; k <= b.size(); ++k) {
      const size_t changed = diagonal + (a[i - 1] == b[k - 1] ? 0 : 1);
      diagonal = row[k];
      row[k] = std::min({changed, row[k] + 1, row[k - 1] + 1});
    }
  }
  return 1 - static_cast<double>(row.back()) / static_cast<double>(std::max(a.size(), b.size()));
}

/// `part` stands in `whole` as whole words.
bool has_words(std::string_view whole, std::string_view part) {
  for (size_t at = whole.find(part); at != std::string_view::npos; at = whole.find(part, at + 1)) {
    const size_t end = at + part.size();
    if ((at == 0 || whole[at - 1] == ' ') && (end == whole.size() || whole[end] == ' ')) return true;
  }
  return false;
}

struct Query {
  std::string text, plain;
};

double score(const ScreenElement& element, const Query& query) {
  if (element.text == query.text) return exact;
  const std::string plain = fold(element.text);
  if (query.plain.empty()) return 0;
  if (plain == query.plain) return folded;
  const double share = plain.empty() ? 0 : static_cast<double>(query.plain.size()) / static_cast<double>(plain.size());
  if (plain.starts_with(query.plain)) return prefix + 0.1 * share;
  if (plain.find(query.plain) != std::string::npos) return substring + 0.05 * share;
  if (plain.size() >= 2 && has_words(query.plain, plain)) return wordy;
  if (fold(element.value) == query.plain) return value_only;
  const double alike = similarity(plain, query.plain);
  return alike >= least_similarity ? similar * alike : 0;
}

std::vector<Match> find_all(const Screen& screen, std::string_view text) {
  const Query query{std::string(text), fold(text)};
  std::vector<Match> matches;
  for (const ScreenElement& element : screen.elements) {
    if (const double s = score(element, query); s > 0) matches.push_back({element.id, s});
  }
  std::ranges::stable_sort(matches, std::greater<>(), &Match::score);
  return matches;
}

/// "OK#2" and "OK #2": the name and which of those that bear it.
std::optional<std::pair<std::string_view, size_t>> split_number(std::string_view text) {
  const size_t mark = text.rfind('#');
  if (mark == std::string_view::npos || mark == 0 || text.size() - mark > 4 || mark + 1 == text.size()) return {};
  size_t number = 0;
  for (const char c : text.substr(mark + 1)) {
    if (c < '0' || c > '9') return {};
    number = number * 10 + static_cast<size_t>(c - '0');
  }
  std::string_view name = text.substr(0, mark);
  while (name.ends_with(' ')) name.remove_suffix(1);
  return std::pair{name, number};
}

}  // namespace

std::vector<Match> find_elements(const Screen& screen, std::string_view text) {
  std::vector<Match> all = find_all(screen, text);
  if (!all.empty() && all[0].score == exact) return all;
  const auto numbered = split_number(text);
  if (!numbered) return all;
  std::vector<Match> same = find_all(screen, numbered->first);
  if (same.empty()) return all;
  std::erase_if(same, [best = same[0].score](const Match& m) { return m.score < best; });
  if (numbered->second == 0 || numbered->second > same.size()) return {};
  return {same[numbered->second - 1]};
}

}  // namespace deskhand
