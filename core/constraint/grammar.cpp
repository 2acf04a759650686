#include "core/constraint/grammar.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "core/constraint/matcher.h"
#include "core/constraint/program.h"
#include "core/constraint/utf8_ranges.h"

namespace deskhand {

using Kind = GrammarSyntax::Kind;
using Expression = GrammarBuilder::Expression;

struct GrammarBuilder::Store {
  GrammarSyntax syntax;
  std::unordered_map<ByteSet, uint32_t> set_ids;

  Expression add(Kind kind, uint32_t begin, uint32_t count, uint16_t depth = 0) {
    if (syntax.nodes.size() >= max_expressions) {
      throw GrammarError(fmt::format("grammar: more than {} expressions", max_expressions));
    }
    syntax.nodes.push_back({kind, depth, begin, count, 0, 0});
    return Expression{static_cast<int32_t>(syntax.nodes.size() - 1)};
  }
  Expression add_parent(Kind kind, const std::vector<Expression>& parts) {
    uint16_t depth = 0;
    for (const Expression part : parts) {
      depth = std::max(depth, syntax.nodes.at(static_cast<size_t>(part)).depth);
    }
    if (depth + size_t{1} > max_depth) throw GrammarError(fmt::format("grammar: nested deeper than {}", max_depth));
    const auto begin = static_cast<uint32_t>(syntax.children.size());
    for (const Expression part : parts) syntax.children.push_back(static_cast<int32_t>(part));
    return add(kind, begin, static_cast<uint32_t>(parts.size()), static_cast<uint16_t>(depth + 1));
  }
  GrammarSyntax::RuleEntry& rule(Rule id) { return syntax.rules.at(static_cast<size_t>(id)); }
};

GrammarBuilder::GrammarBuilder() : store_(std::make_unique<Store>()) {}
GrammarBuilder::~GrammarBuilder() = default;
GrammarBuilder::GrammarBuilder(GrammarBuilder&&) noexcept = default;
GrammarBuilder& GrammarBuilder::operator=(GrammarBuilder&&) noexcept = default;

Expression GrammarBuilder::empty() {
  return literal({});
}

Expression GrammarBuilder::nothing() {
  return choice({});
}

Expression GrammarBuilder::literal(std::string_view bytes) {
  const auto begin = static_cast<uint32_t>(store_->syntax.bytes.size());
  if (bytes.size() > max_program || begin > 16 * max_program) throw GrammarError("grammar: literals too long");
  store_->syntax.bytes.append(bytes);
  return store_->add(Kind::literal, begin, static_cast<uint32_t>(bytes.size()));
}

Expression GrammarBuilder::any_of(std::span<const std::string> texts) {
  std::vector<Expression> alternatives;
  alternatives.reserve(texts.size());
  for (const std::string& text : texts) alternatives.push_back(literal(text));
  return choice(std::move(alternatives));
}

Expression GrammarBuilder::byte(const ByteSet& set) {
  std::vector<ByteSet>& sets = store_->syntax.sets;
  if (set.none()) return nothing();
  const auto [entry, fresh] = store_->set_ids.try_emplace(set, static_cast<uint32_t>(sets.size()));
  if (fresh) sets.push_back(set);
  return store_->add(Kind::set, entry->second, 0);
}

Expression GrammarBuilder::byte(uint8_t first, uint8_t last) {
  ByteSet set;
  for (size_t b = first; b <= last; ++b) set.set(b);
  return byte(set);
}

Expression GrammarBuilder::character(std::span<const CharacterRange> ranges) {
  ByteSet ascii;
  std::vector<Expression> alternatives;
  for (const Utf8Sequence& utf8 : utf8_ranges(ranges)) {
    if (utf8.length == 1) {
      for (size_t b = utf8.bytes[0].first; b <= utf8.bytes[0].last; ++b) ascii.set(b);
      continue;
    }
    std::vector<Expression> parts;
    for (size_t i = 0; i < static_cast<size_t>(utf8.length); ++i) {
      parts.push_back(byte(utf8.bytes[i].first, utf8.bytes[i].last));
    }
    alternatives.push_back(sequence(std::move(parts)));
  }
  if (ascii.any()) alternatives.insert(alternatives.begin(), byte(ascii));
  return choice(std::move(alternatives));
}

Expression GrammarBuilder::character_except(std::u32string_view excluded) {
  std::vector<CharacterRange> ranges;
  for (const char32_t c : excluded) ranges.push_back({c, c});
  return character(complement(std::move(ranges)));
}

Expression GrammarBuilder::text_character(std::u32string_view excluded) {
  std::vector<CharacterRange> ranges{{0, 0x1F}, {0x7F, 0x9F}, {0x2028, 0x2029}};
  for (const char32_t c : excluded) ranges.push_back({c, c});
  return character(complement(std::move(ranges)));
}

Expression GrammarBuilder::sequence(std::vector<Expression> parts) {
  if (parts.size() == 1) return parts.front();
  return store_->add_parent(Kind::sequence, parts);
}

Expression GrammarBuilder::choice(std::vector<Expression> alternatives) {
  if (alternatives.size() == 1) return alternatives.front();
  return store_->add_parent(Kind::choice, alternatives);
}

Expression GrammarBuilder::repeat(Expression part, uint32_t min, uint32_t max) {
  if (min > max) throw GrammarError(fmt::format("grammar: repeat of at least {} and at most {}", min, max));
  if (min == unbounded) throw GrammarError("grammar: repeat without end");
  const Expression expression = store_->add_parent(Kind::repeat, {part});
  GrammarSyntax::Node& node = store_->syntax.nodes.back();
  node.min = min;
  node.max = max;
  return expression;
}

GrammarBuilder::Rule GrammarBuilder::declare(std::string name) {
  store_->syntax.rules.push_back({std::move(name), -1});
  return Rule{static_cast<int32_t>(store_->syntax.rules.size() - 1)};
}

void GrammarBuilder::define(Rule rule, Expression body) {
  GrammarSyntax::RuleEntry& entry = store_->rule(rule);
  if (entry.body >= 0) throw GrammarError(fmt::format("grammar: rule {} is defined twice", entry.name));
  entry.body = static_cast<int32_t>(body);
}

Expression GrammarBuilder::use(Rule rule) {
  store_->rule(rule);
  return store_->add(Kind::use, static_cast<uint32_t>(rule), 0);
}

Grammar GrammarBuilder::build(Expression start) const {
  store_->syntax.nodes.at(static_cast<size_t>(start));
  return Grammar(compile_grammar(store_->syntax, static_cast<int32_t>(start)));
}

bool Grammar::matches(std::string_view text) const {
  Matcher matcher(*this);
  return matcher.accept(text) == text.size() && matcher.complete();
}

bool Grammar::matches_prefix(std::string_view text) const {
  return Matcher(*this).accept(text) == text.size();
}

}  // namespace deskhand
