#pragma once
// Calls on lines of text, NAME(arg=value, …), as many computer-use models write them.
//
//   const std::vector<CallSignature> calls = {
//       {"click", {{"x", IntegerRange{0, 1000}}, {"y", IntegerRange{0, 1000}}}},              // click(x=10, y=20)
//       {"click_at", {{"point", TextPattern{"'<point>\\d{1,4} \\d{1,4}</point>'"}}}},
//       {"type", {{"content", QuotedText{}}}},                                               // type(content='It\'s\n')
//       {"scroll", {{"direction", Alternatives{{"'up'", "'down'"}}}}}};
//   Grammar g = line_call_grammar(calls, {.max_calls = 3});
//
// Values that are made of others (pairs, lists, calls within calls) are expressions of the same builder. Arguments come
// in the order of the signature, optional ones may be left out. Two ways to read a text are not ruled out where an
// argument's pattern lets the style's separators in.
// GrammarError, naming call and argument: no calls, a call or an argument twice, names of other characters than
// letters, digits, "_", "-" and ".", ranges without a number, alternatives that are empty or have a control character,
// patterns that are not understood (core/constraint/regular_expression.h) or that match no line of text.

#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "core/constraint/grammar.h"

namespace deskhand {

/// Whole numbers first…last, of at most 18 digits.
struct IntegerRange {
  int64_t first, last;
};

/// Text between quotes, min…max characters. \\ is a backslash, \' and \" are quotes (the other kind may also stand as
/// it is), \n and \t newline and tab; other control characters cannot be written.
struct QuotedText {
  char quote = '\'';
  uint32_t min = 0, max = GrammarBuilder::unbounded;
};

/// One of these, as it stands.
struct Alternatives {
  std::vector<std::string> texts;
};

/// The whole value, without control characters.
struct TextPattern {
  std::string expression;
};

struct CallArgument {
  std::string name;
  std::variant<IntegerRange, QuotedText, Alternatives, TextPattern, GrammarBuilder::Expression> value;
  bool required = true;
};

struct CallSignature {
  std::string name;
  std::vector<CallArgument> arguments;
};

struct LineCallStyle {
  std::string before{}, open = "(", assign = "=", separator = ", ", close = ")";  ///< `before`: ahead of each call
  std::string between = "\n";                                                     ///< calls
  uint32_t min_calls = 1, max_calls = 1;
};

/// One call of the signatures.
GrammarBuilder::Expression add_line_call(GrammarBuilder& builder, std::span<const CallSignature> calls,
                                         const LineCallStyle& style = {});
/// As many as the style says.
GrammarBuilder::Expression add_line_calls(GrammarBuilder& builder, std::span<const CallSignature> calls,
                                          const LineCallStyle& style = {});
Grammar line_call_grammar(std::span<const CallSignature> calls, const LineCallStyle& style = {});

}  // namespace deskhand
