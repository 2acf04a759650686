#pragma once
// A nondeterministic automaton over code points with the two anchors, and the way to a deterministic one.
//
//   CharacterMachine m;
//   m.nodes = {…};                        // built by core/constraint/regular_expression.cpp
//   WorkLimit work;
//   CharacterAutomaton a = determinise(m, work);

#include <cstdint>
#include <vector>

#include "core/constraint/character_automaton.h"

namespace deskhand {

struct CharacterMachine {
  static constexpr size_t max_nodes = 50'000;
  enum class Kind : uint8_t { split, characters, text_begin, text_end, match };
  struct Node {
    Kind kind;
    int32_t next = -1, other = -1;  ///< split goes to both
    int32_t set = -1;               ///< characters: index of sets
  };
  std::vector<Node> nodes;
  std::vector<std::vector<CharacterRange>> sets;  ///< each sorted and disjoint
  int32_t start = 0;
  int32_t tail = -1;  ///< the split from which every text matches, if there is one

  int32_t add(Node node);
};

/// Throws GrammarError beyond the limits of CharacterAutomaton and of the work.
CharacterAutomaton determinise(const CharacterMachine& machine, WorkLimit& work);

}  // namespace deskhand
