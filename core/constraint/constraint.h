#pragma once
// What a reply may be, byte by byte, and which tokens keep to it.
//
//   GrammarBuilder b;  Grammar g = b.build(…);          // core/constraint/grammar.h, json_schema.h
//   TokenTrie trie(tokenizer);                          // core/constraint/token_trie.h, once per model
//   GrammarConstraint c(grammar, trie);                 // core/constraint/grammar_constraint.h
//   c.allowed(mask);  c.accept(token);  c.forced();  c.may_end();
//
// A constraint is deterministic and cheap to copy (rewind, speculation).

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace deskhand {

/// One bit per token id.
class TokenMask {
 public:
  explicit TokenMask(int32_t vocabulary_size) : words_((static_cast<size_t>(vocabulary_size) + 63) / 64) {}
  void clear() { words_.assign(words_.size(), 0); }
  /// Becomes equal to the other, which is for the same vocabulary.
  void assign(const TokenMask& other) { words_.assign(other.words_.begin(), other.words_.end()); }
  void set(int32_t id) { words_[static_cast<size_t>(id) / 64] |= uint64_t{1} << (id % 64); }
  bool test(int32_t id) const { return (words_[static_cast<size_t>(id) / 64] >> (id % 64)) & 1; }
  const std::vector<uint64_t>& words() const { return words_; }

 private:
  std::vector<uint64_t> words_;
};

class Constraint {
 public:
  virtual ~Constraint() = default;
  /// Ids whose bytes can come next (end-of-generation ids are not set here: ask may_end). The mask is overwritten.
  virtual void allowed(TokenMask& mask) const = 0;
  /// The bytes that must come next whatever the model says; empty when there is a choice.
  virtual std::string forced() const = 0;
  /// Takes the bytes of a token; throws std::invalid_argument, unchanged, when they do not fit.
  virtual void accept(std::string_view bytes) = 0;
  /// Whether the text so far is complete.
  virtual bool may_end() const = 0;
  /// Whether nothing can follow.
  virtual bool must_end() const = 0;
  virtual std::unique_ptr<Constraint> clone() const = 0;
};

}  // namespace deskhand
