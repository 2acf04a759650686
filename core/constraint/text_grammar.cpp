#include "core/constraint/text_grammar.h"

#include <map>
#include <utility>

#include "core/tokenizer/utf8.h"

namespace deskhand {

using Expression = GrammarBuilder::Expression;

// One rule for each state: a character and the rule of the state that it leads to.
Expression add_texts(GrammarBuilder& b, const CharacterAutomaton& texts, const CharacterSpelling& spelling) {
  std::vector<GrammarBuilder::Rule> rules;
  for (size_t i = 0; i < texts.states.size(); ++i) rules.push_back(b.declare("text"));
  for (size_t i = 0; i < texts.states.size(); ++i) {
    std::map<int32_t, std::vector<CharacterRange>> by_target;
    for (const auto& edge : texts.states[i].edges) by_target[edge.target].push_back({edge.first, edge.last});
    std::vector<Expression> ways;
    for (const auto& [target, ranges] : by_target) {
      ways.push_back(b.sequence({spelling(ranges), b.use(rules[static_cast<size_t>(target)])}));
    }
    if (texts.states[i].accepting) ways.push_back(b.empty());
    b.define(rules[i], b.choice(std::move(ways)));
  }
  return b.use(rules[0]);
}

Expression add_texts(GrammarBuilder& b, const CharacterAutomaton& texts) {
  std::map<std::vector<std::pair<char32_t, char32_t>>, GrammarBuilder::Rule> rules;
  return add_texts(b, texts, [&](const std::vector<CharacterRange>& ranges) {
    std::vector<std::pair<char32_t, char32_t>> key;
    for (const CharacterRange& range : ranges) key.emplace_back(range.first, range.last);
    auto found = rules.find(key);
    if (found == rules.end()) {
      found = rules.emplace(std::move(key), b.declare("character")).first;
      b.define(found->second, b.character(ranges));
    }
    return b.use(found->second);
  });
}

Expression add_text_until(GrammarBuilder& b, std::string_view delimiter) {
  if (valid_utf8_prefix(delimiter) != delimiter.size()) throw GrammarError("texts: a delimiter that is not UTF-8");
  const Expression text = add_texts(b, CharacterAutomaton::until(code_points(delimiter)));
  return b.sequence({text, b.literal(delimiter)});
}

}  // namespace deskhand
