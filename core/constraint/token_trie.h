#pragma once
// The vocabulary's bytes as a trie: which tokens an automaton lets through, in one walk.
//
//   TokenTrie trie(tokenizer);                                   // once per model: 151 k tokens in some 50 ms
//   trie.walk(automaton, state, mask);                           // sets the ids whose bytes the automaton takes
//
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
  explicit TokenTrie(const Tokenizer& tokenizer);
  /// By id; empty entries are left out.
  explicit TokenTrie(std::span<const std::string_view> token_bytes);

  int32_t vocabulary_size() const { return static_cast<int32_t>(next_same_.size()); }
  size_t nodes() const { return nodes_.size(); }
  size_t longest_token() const { return longest_; }

  /// Sets in `mask` every id whose bytes can follow `state`; other bits stay. Throws GrammarError beyond the
  /// automaton's limits.
  void walk(Automaton& automaton, int32_t state, TokenMask& mask) const;

 private:
  /// In depth-first order, so a subtree is a run of nodes.
  struct Node {
    uint32_t after;  ///< index of the first node behind the subtree
    int32_t token;   ///< lowest id that ends here, or −1
    uint16_t depth;  ///< bytes down to here, ≥ 1
    uint8_t byte;
  };
  void build(std::span<const std::string_view> token_bytes);

  std::vector<Node> nodes_;
  std::vector<int32_t> next_same_;  ///< by id: the next id with equal bytes, or −1
  size_t longest_ = 0;
};

}  // namespace deskhand
