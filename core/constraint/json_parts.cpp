#include "core/constraint/json_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "core/constraint/members.h"
#include "core/constraint/text_grammar.h"
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
  const auto found = text_characters_.find(ranges);
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
  text_characters_.emplace(ranges, made);
  return made;
}

Expression JsonParts::text(const CharacterAutomaton& texts) {
  const Expression quote = builder_.literal("\"");
  const auto spelling = [this](const std::vector<CharacterRange>& ranges) { return text_character(ranges); };
  return builder_.sequence({quote, add_texts(builder_, texts, spelling), quote});
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

Expression JsonParts::object(const std::vector<Property>& properties, const std::optional<MoreMembers>& others) {
  std::vector<Member> members;
  for (const Property& property : properties) {
    members.push_back({property.key, member(builder_.literal(property.key), property.value), property.required});
  }
  return builder_.sequence(
      {builder_.literal("{"), add_members(builder_, members, style_.item_separator, others), builder_.literal("}")});
}

Expression JsonParts::map(Expression value) {
  return object({}, MoreMembers{member(string(), value)});
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
