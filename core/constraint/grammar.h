#pragma once
// A byte grammar: which texts may be said. One small language under every dialect and JSON Schema.
//
//   GrammarBuilder b;
//   auto name = b.choice({b.literal("Save"), b.literal("Speichern…")});
//   auto text = b.repeat(b.text_character(U"\"\\"), 0, 70);                   // at most 70 characters, no newline
//   Grammar g = b.build(b.choice({b.sequence({b.literal("click(\""), name, b.literal("\")")}),
//                                 b.sequence({b.literal("type(\""), text, b.literal("\")")})}));
//   g.matches("click(\"Save\")");
//
// Recursion goes through rules:
//   auto list = b.declare("list");
//   b.define(list, b.choice({b.literal("."), b.sequence({b.literal(","), b.use(list)})}));
//
// A grammar is a set of byte strings; the order of alternatives means nothing and ambiguity is fine. Counted repeats
// cost no memory however large the count. Everything that cannot be finished (a rule without an end, an empty choice)
// is cut away, so that every accepted prefix can be continued to a whole text.
// GrammarError: left recursion, a rule without definition, a grammar that matches nothing, a repeat of something that
// may be empty, sizes over the limits below.

#include <bitset>
#include <compare>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace deskhand {

class GrammarError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

using ByteSet = std::bitset<256>;

/// Code points first…last, both included. Surrogates in it are skipped.
struct CharacterRange {
  char32_t first, last;
  friend auto operator<=>(const CharacterRange&, const CharacterRange&) = default;
};

struct GrammarProgram;  // core/constraint/program.h

/// A compiled grammar: immutable, a shared handle, usable from any thread.
class Grammar {
 public:
  explicit Grammar(std::shared_ptr<const GrammarProgram> program) : program_(std::move(program)) {}
  const GrammarProgram& program() const { return *program_; }
  /// Whether the whole text is in the grammar.
  bool matches(std::string_view text) const;
  /// Whether the text is the beginning of one in the grammar.
  bool matches_prefix(std::string_view text) const;

 private:
  std::shared_ptr<const GrammarProgram> program_;
};

class GrammarBuilder {
 public:
  enum class Expression : int32_t {};
  enum class Rule : int32_t {};
  static constexpr uint32_t unbounded = UINT32_MAX;
  /// Limits, beyond which GrammarError: expressions held, nesting of expressions, size of the compiled program.
  static constexpr size_t max_expressions = size_t{1} << 20, max_depth = 1000, max_program = size_t{1} << 20;

  GrammarBuilder();
  ~GrammarBuilder();
  GrammarBuilder(GrammarBuilder&&) noexcept;
  GrammarBuilder& operator=(GrammarBuilder&&) noexcept;

  /// The empty text.
  Expression empty();
  /// No text at all: an alternative that cannot be taken.
  Expression nothing();
  /// Exactly these bytes (usually UTF-8, but any).
  Expression literal(std::string_view bytes);
  /// Any one of these texts.
  Expression any_of(std::span<const std::string> texts);
  /// One byte of the set.
  Expression byte(const ByteSet& set);
  /// One byte, first…last.
  Expression byte(uint8_t first, uint8_t last);
  /// One UTF-8 character out of the ranges.
  Expression character(std::span<const CharacterRange> ranges);
  /// One UTF-8 character that is none of these.
  Expression character_except(std::u32string_view excluded);
  /// One character of a line of text: no control character (newline, tab, escape…) and none of these.
  Expression text_character(std::u32string_view excluded);

  Expression sequence(std::vector<Expression> parts);
  Expression choice(std::vector<Expression> alternatives);
  /// min…max times; `part` must not match the empty text (unless max ≤ 1).
  Expression repeat(Expression part, uint32_t min, uint32_t max = unbounded);
  Expression optional(Expression part) { return repeat(part, 0, 1); }

  /// The name is for error messages; two rules may share it.
  Rule declare(std::string name);
  void define(Rule rule, Expression body);
  Expression use(Rule rule);

  /// Compiles what `start` reaches. The builder stays usable.
  Grammar build(Expression start) const;

 private:
  struct Store;
  std::unique_ptr<Store> store_;
};

}  // namespace deskhand
