#pragma once
// A Grammar as a Constraint on tokens.
//
//   GrammarConstraint c(grammar, engine.token_trie());
//   TokenMask mask(trie.vocabulary_size());
//   c.allowed(mask);  c.accept(tokenizer.token_bytes(id));
//
// Masks are remembered by state, so a state met again (an unbounded string, an earlier turn of a clone) costs a copy.
// The trie must outlive the constraint. A constraint and its clones share one cache: use them from one thread.
// GrammarError: the text needs more states or readings than the limits of core/constraint/automaton.h.

#include <memory>
#include <string>
#include <string_view>

#include "core/constraint/constraint.h"
#include "core/constraint/grammar.h"
#include "core/constraint/token_trie.h"

namespace deskhand {

class GrammarConstraint final : public Constraint {
 public:
  /// `forced` answers at most this many bytes at once.
  static constexpr size_t max_forced = 4096;

  GrammarConstraint(Grammar grammar, const TokenTrie& trie);

  void allowed(TokenMask& mask) const override;
  std::string forced() const override;
  void accept(std::string_view bytes) override;
  bool may_end() const override;
  bool must_end() const override;
  std::unique_ptr<Constraint> clone() const override;

 private:
  struct Shared;
  /// Moves to a fresh automaton when this one has grown too large; clones keep the old one until they move too.
  void move_when_full();

  std::shared_ptr<Shared> shared_;
  int32_t state_;
};

}  // namespace deskhand
