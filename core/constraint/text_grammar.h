#pragma once
// Automata over code points as parts of a grammar: a text of a set, and text up to a delimiter.
//
//   auto value = add_text_until(b, "\n</parameter>");         // "a\nb\n</parameter>": text, then the delimiter
//   auto word = add_texts(b, regular_expression("^[a-z]+$", work));
//
// The delimiter ends the text where it stands for the first time, so there is one way to read it.

#include <functional>
#include <string_view>
#include <vector>

#include "core/constraint/character_automaton.h"
#include "core/constraint/grammar.h"

namespace deskhand {

/// How one character out of the ranges is written.
using CharacterSpelling = std::function<GrammarBuilder::Expression(const std::vector<CharacterRange>&)>;

/// A text of the automaton.
GrammarBuilder::Expression add_texts(GrammarBuilder& builder, const CharacterAutomaton& texts,
                                     const CharacterSpelling& spelling);
/// The same in plain UTF-8.
GrammarBuilder::Expression add_texts(GrammarBuilder& builder, const CharacterAutomaton& texts);

/// Any text without the delimiter, then the delimiter. Throws GrammarError unless that is 1…1000 characters of UTF-8.
GrammarBuilder::Expression add_text_until(GrammarBuilder& builder, std::string_view delimiter);

}  // namespace deskhand
