#pragma once
// The vocabulary's bytes as a trie: which tokens an automaton lets through, in one walk.
//
//   TokenTrie trie(tokenizer);                                   // once per model: 151 k tokens in some 50 ms
//   trie.walk_short(automaton, state, mask);                     // sets the ids whose bytes the automaton takes
//   trie.walk_long(automaton, state, mask);
//
// The tokens of at most short_bytes bytes are nearly all, and a state's blurred one is enough for them
// (Automaton::blurred), so that one walk serves many states.
// Control tokens, end-of-generation tokens and tokens without bytes are left out: they are never text. Tokens may end
// inside a UTF-8 character. Ids with equal bytes are all kept.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/constraint/constraint.h"
#include "core/tokenizer/tokenizer.h"

namespace deskhand {

class Automaton;

class TokenTrie {
 public:
  /// `controls`: texts of control tokens that are text here all the same.
  explicit TokenTrie(const Tokenizer& tokenizer, std::span<const std::string> controls = {});
  /// By id; empty entries are left out.
  explicit TokenTrie(std::span<const std::string_view> token_bytes);

  int32_t vocabulary_size() const { return static_cast<int32_t>(next_same_.size()); }
  size_t longest_token() const { return longest_; }

  static constexpr size_t short_bytes = 16;
  /// Set in `mask` every id whose bytes can follow `state`; other bits stay. Throw GrammarError beyond the automaton's
  /// limits.
  void walk_short(Automaton& automaton, int32_t state, TokenMask& mask) const;
  void walk_long(Automaton& automaton, int32_t state, TokenMask& mask) const;

 private:
  /// In depth-first order, so a subtree is a run of nodes.
  struct Node {
    uint32_t after;  ///< index of the first node behind the subtree
    int32_t token;   ///< lowest id that ends here, or −1
    uint16_t depth;  ///< bytes down to here, ≥ 1
    uint8_t byte;
  };
  using Nodes = std::vector<Node>;
  class NodeWriter;
  void build(std::span<const std::string_view> token_bytes);
  void walk(const Nodes& nodes, Automaton& automaton, int32_t state, TokenMask& mask) const;

  Nodes short_, long_;
  std::vector<int32_t> next_same_;  ///< by id: the next id with equal bytes, or −1
  size_t longest_ = 0;
};

}  // namespace deskhand
