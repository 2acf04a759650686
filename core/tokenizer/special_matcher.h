#pragma once
// Finds special tokens in text: leftmost first, the longest of those that begin there.
//
//   SpecialMatcher matcher({{"<|im_end|>", 151645}, {"<|im_start|>", 151644}});
//   auto match = matcher.find("ok<|im_end|>", 0);           // at 2, length 10, id 151645
//
// The texts are views that must outlive the matcher. Empty texts are left out.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace deskhand {

class SpecialMatcher {
 public:
  struct Entry {
    std::string_view text;
    int32_t id = -1;
  };
  struct Match {
    size_t at = 0, length = 0;
    int32_t id = -1;
  };
  explicit SpecialMatcher(std::vector<Entry> entries);

  /// The next match at or after `from`.
  std::optional<Match> find(std::string_view text, size_t from) const;
  bool empty() const { return entries_.empty(); }

 private:
  std::optional<Match> match_at(std::string_view text, size_t at) const;

  std::vector<Entry> entries_;  ///< sorted by text
  std::array<bool, 256> begins_{};
};

}  // namespace deskhand
