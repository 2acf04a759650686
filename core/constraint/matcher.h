#pragma once
// A text on its way through a grammar, piece by piece, in bounded memory.
//
//   Matcher m(grammar);
//   m.accept("click(") == 6 && m.accept("x=5)") == 4 && m.complete();
//
// Throws GrammarError beyond the limits of core/constraint/automaton.h.

#include <cstdint>
#include <memory>
#include <string_view>

#include "core/constraint/grammar.h"

namespace deskhand {

class Automaton;

class Matcher {
 public:
  explicit Matcher(const Grammar& grammar);
  ~Matcher();

  /// How many of the bytes can come next, one after another; once it is fewer than given, nothing can.
  size_t accept(std::string_view bytes);
  /// Whether what was accepted is a whole text of the grammar.
  bool complete() const;

 private:
  std::unique_ptr<Automaton> automaton_;
  int32_t state_;
};

}  // namespace deskhand
