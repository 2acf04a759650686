#pragma once
// The grammar of JSON itself: strings, numbers, arrays, objects and any value, for the front-ends.
//
//   JsonParts json(builder, style);
//   auto age = json.integer(0, 150);
//   auto person = json.object({{"\"name\"", json.string(1, 40), true}, {"\"age\"", age, false}});
//
// Expressions belong to the builder. Limits of numbers: core/constraint/json_schema.h.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/constraint/grammar.h"
#include "core/constraint/json_schema.h"

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
  struct Bound {
    int64_t value;
    bool exclusive = false;
  };

  /// Throws SchemaError for separators that JSON does not have.
  JsonParts(GrammarBuilder& builder, JsonStyle style);

  /// min…max code points.
  Expression string(uint32_t min = 0, uint32_t max = unbounded);
  Expression boolean();
  Expression integer();
  /// All whole numbers first…last.
  Expression integer(int64_t first, int64_t last);
  Expression number();
  /// Decimal fractions between the bounds, which lie within ±largest_bounded_number.
  Expression number(Bound low, Bound high);
  Expression object(const std::vector<Property>& properties);
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
  /// Decimal fractions of the magnitudes low…high, 0 ≤ low ≤ high.
  Expression magnitude(Bound low, Bound high, uint32_t fraction_digits);
  /// The expression as a rule, so that using it twice does not compile it twice.
  Expression shared(const std::string& name, Expression body);
  GrammarBuilder::Rule value_rule();
  Expression string_character();
  Expression item_separator() { return builder_.literal(style_.item_separator); }

  GrammarBuilder& builder_;
  JsonStyle style_;
  std::optional<GrammarBuilder::Rule> value_;
  std::optional<GrammarBuilder::Rule> character_;
};

}  // namespace deskhand
