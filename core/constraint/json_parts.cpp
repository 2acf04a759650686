#include "core/constraint/json_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace deskhand {

using Expression = GrammarBuilder::Expression;

JsonParts::JsonParts(GrammarBuilder& builder, JsonStyle style) : builder_(builder), style_(std::move(style)) {
  const auto check = [](std::string text, char separator) {
    std::erase_if(text, [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; });
    if (text.size() == 1 && text[0] == separator) return;
    throw SchemaError(fmt::format("JSON separator \"{}\": expected '{}' and white space", text, separator));
  };
  check(style_.item_separator, ',');
  check(style_.key_separator, ':');
}

Expression JsonParts::digit_range(char first, char last) {
  return builder_.byte(static_cast<uint8_t>(first), static_cast<uint8_t>(last));
}

Expression JsonParts::digits(uint32_t min, uint32_t max) {
  return builder_.repeat(digit_range('0', '9'), min, max);
}

// A character of a string: itself, a short escape, \uXXXX outside the surrogates, or a pair of surrogates. Each is one
// code point.
Expression JsonParts::string_character() {
  if (!character_) {
    GrammarBuilder& b = builder_;
    const auto set = [&](std::string_view bytes) {
      ByteSet s;
      for (const char c : bytes) s.set(static_cast<uint8_t>(c));
      return b.byte(s);
    };
    const Expression hex = set("0123456789abcdefABCDEF");
    const std::array<CharacterRange, 3> plain{{{0x20, 0x21}, {0x23, 0x5B}, {0x5D, 0x10FFFF}}};
    const Expression d = set("dD");
    const Expression single = b.choice(
        {b.sequence({set("0123456789abcefABCEF"), hex, hex, hex}), b.sequence({d, digit_range('0', '7'), hex, hex})});
    const Expression pair = b.sequence({d, set("89abAB"), hex, hex, b.literal("\\u"), d, set("cdefCDEF"), hex, hex});
    const Expression escape = b.sequence(
        {b.literal("\\"), b.choice({set("\"\\/bfnrt"), b.sequence({b.literal("u"), b.choice({single, pair})})})});
    character_ = b.declare("string character");
    b.define(*character_, b.choice({b.character(plain), escape}));
  }
  return builder_.use(*character_);
}

Expression JsonParts::string(uint32_t min, uint32_t max) {
  const Expression quote = builder_.literal("\"");
  return builder_.sequence({quote, builder_.repeat(string_character(), min, max), quote});
}

Expression JsonParts::boolean() {
  return builder_.choice({builder_.literal("true"), builder_.literal("false")});
}

Expression JsonParts::integer() {
  return integer(-largest_integer, largest_integer);
}

Expression JsonParts::integer(int64_t first, int64_t last) {
  std::vector<Expression> ways;
  if (first < 0) {
    ways.push_back(builder_.sequence({builder_.literal("-"), natural(std::max<int64_t>(1, -last), -first)}));
  }
  if (last >= 0) ways.push_back(natural(std::max<int64_t>(0, first), last));
  return builder_.choice(std::move(ways));
}

Expression JsonParts::natural(int64_t first, int64_t last) {
  std::vector<Expression> ways;
  std::string low = std::to_string(first);
  const std::string high = std::to_string(last);
  while (first <= last && low.size() < high.size()) {
    ways.push_back(same_length(low, std::string(low.size(), '9')));
    low.assign(low.size() + 1, '0');
    low[0] = '1';
  }
  if (first <= last) ways.push_back(same_length(low, high));
  return builder_.choice(std::move(ways));
}

Expression JsonParts::same_length(const std::string& first, const std::string& last) {
  const auto rest = static_cast<uint32_t>(first.size() - 1);
  if (rest == 0) return digit_range(first[0], last[0]);
  const std::string zeros(rest, '0'), nines(rest, '9');
  if (first[0] == last[0]) {
    return builder_.sequence({digit_range(first[0], last[0]), same_length(first.substr(1), last.substr(1))});
  }
  std::vector<Expression> ways;
  char low = first[0], high = last[0];
  if (first.substr(1) != zeros) {
    ways.push_back(builder_.sequence({digit_range(low, low), same_length(first.substr(1), nines)}));
    ++low;
  }
  if (last.substr(1) != nines) {
    ways.push_back(builder_.sequence({digit_range(high, high), same_length(zeros, last.substr(1))}));
    --high;
  }
  if (low <= high) ways.push_back(builder_.sequence({digit_range(low, high), digits(rest, rest)}));
  return builder_.choice(std::move(ways));
}

Expression JsonParts::number() {
  GrammarBuilder& b = builder_;
  const Expression whole =
      b.choice({b.literal("0"), b.sequence({digit_range('1', '9'), digits(0, number_digits - 1)})});
  const Expression fraction = b.sequence({b.literal("."), digits(1, number_digits)});
  const Expression sign = b.choice({b.empty(), b.literal("+"), b.literal("-")});
  const Expression exponent = b.sequence({b.byte(ByteSet().set('e').set('E')), sign, digits(1, 2)});
  return b.sequence({b.optional(b.literal("-")), whole, b.optional(fraction), b.optional(exponent)});
}

Expression JsonParts::number(Bound low, Bound high) {
  if (low.value > high.value) return builder_.nothing();
  const int64_t largest = std::max(std::abs(low.value), std::abs(high.value));
  const auto fraction = static_cast<uint32_t>(number_digits - static_cast<int>(std::to_string(largest).size()));
  std::vector<Expression> ways;
  if (low.value < 0) {
    const Bound nearest =
        high.value < 0 ? Bound{-high.value, high.exclusive} : Bound{0, high.value == 0 && high.exclusive};
    const Expression minus = builder_.literal("-");
    ways.push_back(builder_.sequence({minus, magnitude(nearest, {-low.value, low.exclusive}, fraction)}));
  }
  if (high.value >= 0) {
    const Bound nearest = low.value >= 0 ? low : Bound{0};
    ways.push_back(magnitude(nearest, high, fraction));
  }
  return builder_.choice(std::move(ways));
}

Expression JsonParts::magnitude(Bound low, Bound high, uint32_t fraction_digits) {
  GrammarBuilder& b = builder_;
  const Expression point = b.literal(".");
  const Expression fraction = b.optional(b.sequence({point, digits(1, fraction_digits)}));
  std::vector<Expression> ways;
  int64_t whole = low.value;
  if (low.exclusive && low.value < high.value) {  // low and a fraction that is not zero
    const Expression zero = digit_range('0', '0');
    std::vector<Expression> tails;
    for (uint32_t zeros = 0; zeros < fraction_digits; ++zeros) {
      tails.push_back(
          b.sequence({b.repeat(zero, zeros, zeros), digit_range('1', '9'), digits(0, fraction_digits - zeros - 1)}));
    }
    ways.push_back(b.sequence({natural(whole, whole), point, b.choice(std::move(tails))}));
    ++whole;
  }
  if (whole < high.value) ways.push_back(b.sequence({natural(whole, high.value - 1), fraction}));
  if (!high.exclusive && (low.value < high.value || !low.exclusive)) {  // high itself
    const Expression zeros = b.optional(b.sequence({point, b.repeat(digit_range('0', '0'), 1, fraction_digits)}));
    ways.push_back(b.sequence({natural(high.value, high.value), zeros}));
  }
  return b.choice(std::move(ways));
}

Expression JsonParts::shared(const std::string& name, Expression body) {
  const auto rule = builder_.declare(name);
  builder_.define(rule, body);
  return builder_.use(rule);
}

// After each property either a further one or the end. `rest[i]` writes what may follow once a member stands, `first`
// chooses the first member that is there.
Expression JsonParts::object(const std::vector<Property>& properties) {
  GrammarBuilder& b = builder_;
  std::vector<Expression> firsts;
  bool all_optional = true;
  Expression rest = b.empty();
  for (size_t i = properties.size(); i-- > 0;) {
    const Property& property = properties[i];
    const Expression member =
        shared("member " + property.key, b.sequence({b.literal(property.key + style_.key_separator), property.value}));
    const Expression tail = shared("members after " + property.key, rest);
    if (property.required) {
      firsts.clear();
      all_optional = false;
    }
    firsts.push_back(b.sequence({member, tail}));
    const Expression next = b.sequence({item_separator(), member});
    rest = b.sequence({property.required ? next : b.optional(next), tail});
  }
  if (all_optional) firsts.push_back(b.empty());
  std::reverse(firsts.begin(), firsts.end());
  return b.sequence({b.literal("{"), b.choice(std::move(firsts)), b.literal("}")});
}

Expression JsonParts::map(Expression value) {
  GrammarBuilder& b = builder_;
  const Expression member = shared("member", b.sequence({string(), b.literal(style_.key_separator), value}));
  const Expression more = b.repeat(b.sequence({item_separator(), member}), 0);
  return b.sequence({b.literal("{"), b.optional(b.sequence({member, more})), b.literal("}")});
}

Expression JsonParts::array(const Items& items) {
  GrammarBuilder& b = builder_;
  const auto fixed = static_cast<uint32_t>(std::min<size_t>(items.first.size(), items.max));
  // What follows the fixed items, from the back: `rest` stands behind i items.
  Expression rest = items.min > fixed ? b.nothing() : b.empty();
  if (items.rest && items.max > fixed) {
    const Expression item = shared("item", *items.rest);
    const Expression next = b.sequence({item_separator(), item});
    const uint32_t min = items.min > fixed ? items.min - fixed : 0;
    const uint32_t max = items.max == unbounded ? unbounded : items.max - fixed;
    if (fixed > 0) {
      rest = b.repeat(next, min, max);
    } else {
      const uint32_t more = max == unbounded ? unbounded : max - 1;
      rest = b.sequence({item, b.repeat(next, min > 0 ? min - 1 : 0, more)});
      if (min == 0) rest = b.optional(rest);
    }
  }
  for (uint32_t i = fixed; i-- > 0;) {
    const Expression tail = shared("items after " + std::to_string(i + 1), rest);
    rest = b.sequence({i > 0 ? item_separator() : b.empty(), items.first[i], tail});
    if (i >= items.min) rest = b.optional(rest);
  }
  return b.sequence({b.literal("["), rest, b.literal("]")});
}

GrammarBuilder::Rule JsonParts::value_rule() {
  if (!value_) {
    value_ = builder_.declare("JSON value");
    const Expression any = builder_.use(*value_);
    builder_.define(*value_, builder_.choice({map(any), array({{}, any}), string(), number(), boolean(),
                                              builder_.literal("null")}));
  }
  return *value_;
}

Expression JsonParts::value() {
  return builder_.use(value_rule());
}
Expression JsonParts::any_object() {
  return map(value());
}
Expression JsonParts::any_array() {
  return array({{}, value()});
}

}  // namespace deskhand
