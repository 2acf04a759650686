#pragma once
// Regular expressions as JSON Schema means them: ECMA-262 with the u flag, found anywhere in the text unless anchored.
//
//   WorkLimit work;
//   regular_expression("^[a-z]{1,3}(-\\d+)?$", work).matches(U"ab-12");
//
// Understood: literals, '.', classes, \d \w \s and their negations, \t \n \v \f \r \0 \cX \xHH \uHHHH \u{H…},
// \p{…} and \P{…} for general categories (L, Lu, Letter, gc=Nd…), Any and ASCII; ^ and $ (anywhere), groups, named
// groups, alternation, greedy and lazy quantifiers. Lookaround, backreferences, \b, \B and everything else is refused
// by name with GrammarError; so are expressions that unfold beyond the limits of CharacterAutomaton
// or of the work.

#include <cstdint>
#include <string_view>

#include "core/constraint/character_automaton.h"

namespace deskhand {

enum class ExpressionFinds : uint8_t { anywhere, the_whole_text };

CharacterAutomaton regular_expression(std::string_view pattern, WorkLimit& work,
                                      ExpressionFinds where = ExpressionFinds::anywhere);

}  // namespace deskhand
