#pragma once
// The named sets of characters of ECMA-262 expressions.
//
//   class_of_letter('d')             // 0–9
//   unicode_property("Lu")           // capital letters, by Unicode's general category

#include <optional>
#include <string_view>
#include <vector>

#include "core/constraint/grammar.h"

namespace deskhand {

/// \d, \w, \s by their letter (lower case); nothing for others.
std::optional<std::vector<CharacterRange>> class_of_letter(char32_t letter);

/// \p{name}: a general category by its short or long name, Any, ASCII; nothing for others.
std::optional<std::vector<CharacterRange>> unicode_property(std::string_view name);

}  // namespace deskhand
