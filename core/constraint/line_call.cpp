#include "core/constraint/line_call.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/constraint/call_parts.h"
#include "core/constraint/json_parts.h"
#include "core/constraint/members.h"
#include "core/constraint/regular_expression.h"
#include "core/constraint/text_grammar.h"
#include "core/constraint/utf8_ranges.h"
#include "core/tokenizer/utf8.h"

namespace deskhand {
namespace {

using Expression = GrammarBuilder::Expression;

void check_name(const std::string& what, const std::string& name) {
  if (const std::string error = call_name_error(what, name); !error.empty()) throw GrammarError(error);
}

/// What no line of text has.
const CharacterRange controls[] = {{0, 0x1F}, {0x7F, 0x9F}, {0x2028, 0x2029}};

bool has_control(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const Utf8Char c = next_utf8(text, at);
    const auto holds = [&](const CharacterRange& range) { return range.first <= c.code && c.code <= range.last; };
    if (c.valid && std::any_of(std::begin(controls), std::end(controls), holds)) return true;
    at += c.length;
  }
  return false;
}

/// Writes the value of one argument.
struct ValueWriter {
  GrammarBuilder& b;

  Expression operator()(const Expression& value) const { return value; }
  Expression operator()(const IntegerRange& range) const {
    constexpr int64_t largest = JsonParts::largest_integer;
    if (range.first > range.last || range.first < -largest || range.last > largest) {
      throw GrammarError(fmt::format("the range {}…{} has no number or is too large", range.first, range.last));
    }
    return JsonParts(b, {}).integer(range.first, range.last);
  }
  Expression operator()(const QuotedText& text) const {
    if (text.quote != '\'' && text.quote != '"') throw GrammarError("a quote that is neither ' nor \"");
    const char32_t plain[] = {static_cast<char32_t>(text.quote), U'\\'};
    const std::vector<std::string> escapes{"\\\\", "\\'", "\\\"", "\\n", "\\t"};
    const auto character = b.declare("quoted character");
    b.define(character, b.choice({b.text_character({plain, 2}), b.any_of(escapes)}));
    const Expression quote = b.literal({&text.quote, 1});
    return b.sequence({quote, b.repeat(b.use(character), text.min, text.max), quote});
  }
  Expression operator()(const Alternatives& list) const {
    const auto bad = [](const std::string& text) { return text.empty() || has_control(text); };
    if (list.texts.empty() || std::any_of(list.texts.begin(), list.texts.end(), bad)) {
      throw GrammarError("alternatives that are empty or have a control character");
    }
    return b.any_of(list.texts);
  }
  Expression operator()(const TextPattern& pattern) const {
    CharacterAutomaton line{{{{}, true}}};
    for (const CharacterRange& range : complement({std::begin(controls), std::end(controls)})) {
      line.states[0].edges.push_back({range.first, range.last, 0});
    }
    WorkLimit work;
    const CharacterAutomaton texts =
        intersection(regular_expression(pattern.expression, work, ExpressionFinds::the_whole_text), line, work);
    if (texts.empty())
      throw GrammarError(fmt::format("the pattern \"{}\" matches no line of text", pattern.expression));
    return add_texts(b, texts);
  }
};

Expression one_call(GrammarBuilder& b, const CallSignature& call, const LineCallStyle& style) {
  std::set<std::string> names;
  std::vector<Member> members;
  for (const CallArgument& argument : call.arguments) {
    const std::string what = fmt::format("call \"{}\", argument", call.name);
    check_name(what, argument.name);
    if (!names.insert(argument.name).second) throw GrammarError(fmt::format("{} \"{}\" twice", what, argument.name));
    try {
      const Expression value = std::visit(ValueWriter{b}, argument.value);
      members.push_back(
          {argument.name, b.sequence({b.literal(argument.name + style.assign), value}), argument.required});
    } catch (const GrammarError& error) {
      throw GrammarError(fmt::format("{} \"{}\": {}", what, argument.name, error.what()));
    }
  }
  return b.sequence({b.literal(style.before + call.name + style.open), add_members(b, members, style.separator),
                     b.literal(style.close)});
}

}  // namespace

Expression add_line_call(GrammarBuilder& b, std::span<const CallSignature> calls, const LineCallStyle& style) {
  if (calls.empty()) throw GrammarError("calls: there are none");
  std::set<std::string> names;
  std::vector<Expression> ways;
  for (const CallSignature& call : calls) {
    check_name("call", call.name);
    if (!names.insert(call.name).second) throw GrammarError(fmt::format("call \"{}\" twice", call.name));
    ways.push_back(one_call(b, call, style));
  }
  return b.choice(std::move(ways));
}

Expression add_line_calls(GrammarBuilder& b, std::span<const CallSignature> calls, const LineCallStyle& style) {
  return add_calls(b, add_line_call(b, calls, style), style.between, {style.min_calls, style.max_calls});
}

Grammar line_call_grammar(std::span<const CallSignature> calls, const LineCallStyle& style) {
  GrammarBuilder builder;
  return builder.build(add_line_calls(builder, calls, style));
}

}  // namespace deskhand
