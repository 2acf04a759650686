#include "agent/grammar/parts.h"

#include <array>

#include "core/constraint/character_automaton.h"
#include "core/constraint/json_schema.h"
#include "core/constraint/text_grammar.h"

namespace deskhand {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array offered_keys = {
    "ctrl",  "shift", "alt",    "super", "Return", "Escape", "Tab",     "space",     "BackSpace", "Delete", "Insert",
    "Up",    "Down",  "Left",   "Right", "Home",   "End",    "Page_Up", "Page_Down", "F1",        "F2",     "F3",
    "F4",    "F5",    "F6",     "F7",    "F8",     "F9",     "F10",     "F11",       "F12",       "plus",   "minus",
    "equal", "comma", "period", "slash", "a",      "b",      "c",       "d",         "e",         "f",      "g",
    "h",     "i",     "j",      "k",     "l",      "m",      "n",       "o",         "p",         "q",      "r",
    "s",     "t",     "u",      "v",     "w",      "x",      "y",       "z",         "0",         "1",      "2",
    "3",     "4",     "5",      "6",     "7",      "8",      "9"};

/// What ends reasoning, or the whole reply.
constexpr std::array<std::string_view, 5> thought_ends = {"</think>", "<tool_response>", "<|im_start|>", "<|im_end|>",
                                                          "<|endoftext|>"};

}  // namespace

ReplyExpression text_without(GrammarBuilder& b, NameList marks, uint32_t least) {
  WorkLimit work;
  CharacterAutomaton text = CharacterAutomaton::length(least, GrammarBuilder::unbounded);
  for (const std::string_view mark : marks)
    text = intersection(text, CharacterAutomaton::until(code_points(mark)), work);
  return add_texts(b, text);
}

ReplyExpression thought(GrammarBuilder& b) {
  return b.optional(b.sequence({text_without(b, thought_ends, 0), b.literal("</think>\n\n")}));
}

ReplyExpression prose(GrammarBuilder& b) {
  return b.sequence({b.repeat(b.text_character(U"<{`"), 1), b.literal("\n")});
}

ReplyExpression whole_number(GrammarBuilder& b, int64_t first, int64_t last) {
  return add_json_schema(b, whole_schema(first, last));
}

Extent largest_point(const PointRule& rule, const Extent& frame) {
  if (rule.highest == 0) return {frame.width - 1, frame.height - 1};
  return {std::min(rule.highest, 999), std::min(rule.highest, 999)};
}

Json whole_schema(int64_t first, int64_t last) {
  return {{"type", "integer"}, {"minimum", first}, {"maximum", last}};
}

Json point_schema(const Extent& largest) {
  return {{"type", "array"},
          {"prefixItems", {whole_schema(0, largest.width), whole_schema(0, largest.height)}},
          {"items", false},
          {"minItems", 2}};
}

Json word_schema(std::initializer_list<std::string_view> words) {
  Json list = Json::array();
  for (const std::string_view word : words) list.push_back(word);
  return {{"enum", std::move(list)}};
}

Json text_schema(int64_t least) {
  return {{"type", "string"}, {"minLength", least}};
}

Json line_schema() {
  return {{"type", "string"}, {"pattern", "^[!-~][ -~]*$"}, {"maxLength", 300}};
}

const Json& key_schema() {
  static const Json schema = {{"enum", offered_keys}};
  return schema;
}

Json key_list_schema(int64_t most) {
  return {{"type", "array"}, {"items", key_schema()}, {"minItems", 1}, {"maxItems", most}};
}

Json object_schema(Json properties, Json required) {
  return {{"type", "object"},
          {"properties", std::move(properties)},
          {"required", std::move(required)},
          {"additionalProperties", false}};
}

}  // namespace deskhand
