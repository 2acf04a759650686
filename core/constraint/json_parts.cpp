#include "core/constraint/json_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "core/constraint/utf8_ranges.h"

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

Expression JsonParts::text_character(const std::vector<CharacterRange>& ranges) {
  std::vector<std::pair<char32_t, char32_t>> key;
  for (const CharacterRange& range : ranges) key.emplace_back(range.first, range.last);
  const auto found = text_characters_.find(key);
  if (found != text_characters_.end()) return found->second;
  GrammarBuilder& b = builder_;
  std::vector<CharacterRange> unplain = complement(ranges);
  unplain.insert(unplain.end(), {{0, 0x1F}, {'"', '"'}, {'\\', '\\'}});
  std::vector<Expression> ways{b.character(complement(std::move(unplain)))};
  const auto has = [&](char32_t c) {
    return std::any_of(ranges.begin(), ranges.end(), [&](const auto& r) { return r.first <= c && c <= r.last; });
  };
  constexpr std::string_view named = "\"\\\b\f\n\r\t", letters = "\"\\bfnrt";
  for (char32_t c = 0; c <= '\\'; c = c == 0x1F ? U'"' : c == U'"' ? U'\\' : c + 1) {
    if (!has(c)) continue;
    const size_t name = named.find(static_cast<char>(c));
    if (name != std::string_view::npos) ways.push_back(b.literal(fmt::format("\\{}", letters[name])));
    if (c >= 0x20) continue;
    const std::string low = fmt::format("{:x}", c % 16), high = fmt::format("{:X}", c % 16);
    ways.push_back(b.sequence({b.literal(fmt::format("\\u00{}", c / 16)),
                               b.choice({b.literal(low), low == high ? b.nothing() : b.literal(high)})}));
  }
  const Expression made = shared("character", b.choice(std::move(ways)));
  text_characters_.emplace(std::move(key), made);
  return made;
}

// One rule for each state: a character and the rule of the state that it leads to.
Expression JsonParts::text(const CharacterAutomaton& texts) {
  GrammarBuilder& b = builder_;
  std::vector<GrammarBuilder::Rule> rules;
  for (size_t i = 0; i < texts.states.size(); ++i) rules.push_back(b.declare("text"));
  for (size_t i = 0; i < texts.states.size(); ++i) {
    std::map<int32_t, std::vector<CharacterRange>> by_target;
    for (const auto& edge : texts.states[i].edges) by_target[edge.target].push_back({edge.first, edge.last});
    std::vector<Expression> ways;
    for (const auto& [target, ranges] : by_target) {
      ways.push_back(b.sequence({text_character(ranges), b.use(rules[static_cast<size_t>(target)])}));
    }
    if (texts.states[i].accepting) ways.push_back(b.empty());
    b.define(rules[i], b.choice(std::move(ways)));
  }
  const Expression quote = b.literal("\"");
  return b.sequence({quote, b.use(rules[0]), quote});
}

Expression JsonParts::boolean() {
  return builder_.choice({builder_.literal("true"), builder_.literal("false")});
}

Expression JsonParts::shared(const std::string& name, Expression body) {
  const auto rule = builder_.declare(name);
  builder_.define(rule, body);
  return builder_.use(rule);
}

Expression JsonParts::member(Expression key, Expression value) {
  return builder_.sequence({key, builder_.literal(style_.key_separator), value});
}

// After each property either a further one or the end. `rest[i]` writes what may follow once a member stands, `first`
// chooses the first member that is there.
Expression JsonParts::object(const std::vector<Property>& properties, const std::optional<Others>& others) {
  GrammarBuilder& b = builder_;
  std::vector<Expression> firsts;
  bool all_optional = true;
  Expression rest = b.empty();
  if (others && others->min <= others->max && others->max > 0) {
    const Expression one = shared("other member", others->member);
    const Expression more = b.sequence({item_separator(), one});
    rest = b.repeat(more, others->min, others->max);
    const uint32_t left = others->max == unbounded ? unbounded : others->max - 1;
    firsts.push_back(b.sequence({one, b.repeat(more, others->min > 0 ? others->min - 1 : 0, left)}));
  } else if (others && others->min > others->max) {
    rest = b.nothing();
  }
  if (others && others->min > 0) all_optional = false;
  for (size_t i = properties.size(); i-- > 0;) {
    const Property& property = properties[i];
    const Expression named = shared("member " + property.key, member(b.literal(property.key), property.value));
    const Expression tail = shared("members after " + property.key, rest);
    if (property.required) {
      firsts.clear();
      all_optional = false;
    }
    firsts.push_back(b.sequence({named, tail}));
    const Expression next = b.sequence({item_separator(), named});
    rest = b.sequence({property.required ? next : b.optional(next), tail});
  }
  if (all_optional) firsts.push_back(b.empty());
  std::reverse(firsts.begin(), firsts.end());
  return b.sequence({b.literal("{"), b.choice(std::move(firsts)), b.literal("}")});
}

Expression JsonParts::map(Expression value) {
  return object({}, Others{member(string(), value)});
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
