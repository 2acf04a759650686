#pragma once
// Sets of texts as deterministic automata over code points: what a regular expression, a list of words or a length
// says, and what they say together.
//
//   WorkLimit work;
//   CharacterAutomaton word = regular_expression("^[a-z]+$", work);       // core/constraint/regular_expression.h
//   CharacterAutomaton short_word = intersection(word, CharacterAutomaton::length(1, 8), work);
//   CharacterAutomaton other = difference(short_word, CharacterAutomaton::words({U"default"}), work);
//   other.matches(U"value");
//
// Surrogates are no characters here. Everything throws GrammarError beyond max_states or max_edges, and beyond the work
// that is allowed to all that shares a WorkLimit.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/constraint/grammar.h"
#include "core/constraint/work_limit.h"

namespace deskhand {

struct CharacterAutomaton {
  static constexpr size_t max_states = 20'000, max_edges = 400'000;
  static constexpr int32_t dead = -1;

  struct Edge {
    char32_t first, last;
    int32_t target;
    bool operator==(const Edge&) const = default;
  };
  struct State {
    std::vector<Edge> edges;  ///< sorted and disjoint; a character on none of them is a dead end
    bool accepting = false;
    bool operator==(const State&) const = default;
  };
  std::vector<State> states;  ///< [0] is the start

  /// Every text.
  static CharacterAutomaton everything();
  /// The texts of min…max code points; GrammarBuilder::unbounded has no end.
  static CharacterAutomaton length(uint32_t min, uint32_t max);
  static CharacterAutomaton words(std::span<const std::u32string> words);
  /// The texts behind which the delimiter stands for the first time when it is appended: they do not contain it, and it
  /// does not begin in them. Source: Knuth, Morris, Pratt, "Fast pattern matching in strings" (1977).
  static CharacterAutomaton until(std::u32string_view delimiter);

  /// State by state.
  bool operator==(const CharacterAutomaton&) const = default;
  bool matches(std::u32string_view text) const;
  /// Whether no text is in it.
  bool empty() const;
};

/// Texts of both.
CharacterAutomaton intersection(const CharacterAutomaton& a, const CharacterAutomaton& b, WorkLimit& work);
/// Texts of `a` that are not in `b`.
CharacterAutomaton difference(const CharacterAutomaton& a, const CharacterAutomaton& b, WorkLimit& work);

/// The code points of UTF-8 text; broken bytes become U+FFFD.
std::u32string code_points(std::string_view utf8);

}  // namespace deskhand
