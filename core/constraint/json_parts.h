#pragma once
// The grammar of JSON itself: strings, numbers, arrays, objects and any value, for the front-ends.
//
//   JsonParts json(builder, style);
//   auto age = json.integer(0, 150);
//   auto person = json.object({{"\"name\"", json.string(1, 40), true}, {"\"age\"", age, false}});
//
// Expressions belong to the builder. Limits of numbers: core/constraint/json_schema.h.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/constraint/character_automaton.h"
#include "core/constraint/grammar.h"
#include "core/constraint/json_schema.h"
#include "core/constraint/members.h"

namespace deskhand {

class JsonParts {
 public:
  using Expression = GrammarBuilder::Expression;
  static constexpr uint32_t unbounded = GrammarBuilder::unbounded;
  static constexpr int integer_digits = 18, number_digits = 15;
  static constexpr int64_t largest_integer = 999'999'999'999'999'999, largest_bounded_number = 1'000'000'000;

  struct Property {
    std::string key;  ///< as JSON text, with quotes
    Expression value;
    bool required;
  };
  struct Items {
    std::vector<Expression> first;
    std::optional<Expression> rest;
    uint32_t min = 0, max = unbounded;
  };
  /// A decimal number: ±whole.fraction; `value` is what it is read as.
  struct Bound {
    double value;
    bool negative = false;
    int64_t whole = 0;
    std::string fraction{};
    bool exclusive = false;
  };
  /// Throws SchemaError for separators that JSON does not have.
  JsonParts(GrammarBuilder& builder, JsonStyle style);

  /// min…max code points.
  Expression string(uint32_t min = 0, uint32_t max = unbounded);
  /// The automaton's texts, with no escapes but those that JSON demands.
  Expression text(const CharacterAutomaton& texts);
  Expression boolean();
  Expression integer();
  /// All whole numbers first…last.
  Expression integer(int64_t first, int64_t last);
  /// Those of them that are multiples; throws SchemaError when they are too many to tell.
  Expression multiples(int64_t of, int64_t first, int64_t last);
  Expression number();
  /// Without exponent and with at most so many decimals.
  Expression decimal(uint32_t fraction_digits);
  /// Decimal fractions between the bounds, which lie within ±largest_bounded_number.
  Expression number(const Bound& low, const Bound& high, uint32_t fraction_digits = number_digits);
  Expression object(const std::vector<Property>& properties, const std::optional<MoreMembers>& others = std::nullopt);
  /// A member of the object with this key, as JSON text, and value.
  Expression member(Expression key, Expression value);
  /// Any number of members with any keys.
  Expression map(Expression value);
  Expression array(const Items& items);
  Expression value();
  Expression any_object();
  Expression any_array();

 private:
  Expression digits(uint32_t min, uint32_t max);
  Expression digit_range(char first, char last);
  /// All numerals of first…last (≥ 0) without leading zeros.
  Expression natural(int64_t first, int64_t last);
  /// Numerals of one length between two of that length.
  Expression same_length(const std::string& first, const std::string& last);
  /// The magnitudes low…high, 0 ≤ low ≤ high.
  Expression magnitude(const Bound& low, const Bound& high, uint32_t fraction_digits);
  /// What stands behind the whole part that both bounds have, or one of them, or none.
  Expression fraction(const Bound* low, const Bound* high, uint32_t digits);
  /// More digits of a fraction, at most `left`: at least what is left of `low`, at most what is left of `high`.
  struct FractionLimit {
    std::string_view digits;
    bool exclusive;
  };
  Expression fraction_digits(std::optional<FractionLimit> low, std::optional<FractionLimit> high, uint32_t left,
                             bool first);
  /// The expression as a rule, so that using it twice does not compile it twice.
  Expression shared(const std::string& name, Expression body);
  GrammarBuilder::Rule value_rule();
  Expression string_character();
  /// One of the characters, as it stands in a string.
  Expression text_character(const std::vector<CharacterRange>& ranges);
  Expression item_separator() { return builder_.literal(style_.item_separator); }

  GrammarBuilder& builder_;
  JsonStyle style_;
  std::optional<GrammarBuilder::Rule> value_;
  std::optional<GrammarBuilder::Rule> character_;
  std::map<std::vector<CharacterRange>, Expression> text_characters_;
};

}  // namespace deskhand
