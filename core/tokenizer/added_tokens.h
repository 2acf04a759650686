#pragma once
// The "added_tokens" of a tokenizer.json: texts that are cut out before anything else is done.
//
//   AddedTokens tokens(list, Normalizer(nullptr));
//   tokens.cut("<s>hi", [](std::string_view text, size_t begin) {…}, [](int32_t id) {…});
//
// Leftmost first, the longest of those that begin there; a token may swallow the white space on its sides.

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/tokenizer/normalizer.h"
#include "core/tokenizer/special_matcher.h"

namespace deskhand {

struct AddedToken {
  std::string text;
  int32_t id = -1;
  bool special = false;     ///< a control token
  bool normalized = false;  ///< matched in text that the normalizer has changed, not in the text itself
  bool strips_left = false, strips_right = false;
};

class AddedTokens {
 public:
  /// The tokens that are to be matched; their texts are normalized first. Throws ModelFileError when they grow too
  /// long.
  AddedTokens(const std::vector<AddedToken>& tokens, const Normalizer& normalizer);

  bool empty() const { return matcher_.empty(); }
  /// Calls `on_text(part, begin)` and `on_token(id)` in order; parts are not empty, `begin` is their place.
  void cut(std::string_view text, const std::function<void(std::string_view, size_t)>& on_text,
           const std::function<void(int32_t)>& on_token) const;

 private:
  std::deque<std::string> texts_;
  std::unordered_map<int32_t, AddedToken> stripping_;
  SpecialMatcher matcher_;
};

}  // namespace deskhand
