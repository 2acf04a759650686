#include "agent/grammar/line_grammar.h"

#include <fmt/format.h>

#include <vector>

#include "core/constraint/line_call.h"

namespace deskhand {
namespace {

/// Names of keys in a text, parted by spaces.
ReplyExpression spaced_keys(GrammarBuilder& b) {
  std::vector<std::string> names;
  for (const auto& name : key_schema()["enum"]) names.push_back(name);
  const ReplyExpression key = b.any_of(names);
  return b.sequence({b.literal("'"), key, b.repeat(b.sequence({b.literal(" "), key}), 0, 2), b.literal("'")});
}

ReplyExpression key_list(GrammarBuilder& b) {
  std::vector<std::string> names;
  for (const auto& name : key_schema()["enum"]) names.push_back(fmt::format("'{}'", name.get<std::string>()));
  const ReplyExpression key = b.any_of(names);
  return b.sequence({b.literal("["), key, b.repeat(b.sequence({b.literal(", "), key}), 0, 3), b.literal("]")});
}

ReplyExpression tagged_point(GrammarBuilder& b, PointTags tags, const Extent& largest) {
  const bool box = tags == PointTags::box;
  return b.sequence({b.literal(box ? "'<|box_start|>(" : "'<point>"), whole_number(b, 0, largest.width),
                     b.literal(box ? "," : " "), whole_number(b, 0, largest.height),
                     b.literal(box ? ")<|box_end|>'" : "</point>'")});
}

}  // namespace

std::shared_ptr<const Grammar> action_line_grammar(PointTags tags, const Extent& largest) {
  GrammarBuilder b;
  const ReplyExpression point = tagged_point(b, tags, largest);
  const std::string start = tags == PointTags::box ? "start_box" : "point";
  const std::string from = tags == PointTags::box ? "start_box" : "start_point";
  const std::string to = tags == PointTags::box ? "end_box" : "end_point";
  std::vector<CallSignature> calls = {
      {"click", {{start, point}}},
      {"left_double", {{start, point}}},
      {"right_single", {{start, point}}},
      {"drag", {{from, point}, {to, point}}},
      {"hotkey", {{"key", spaced_keys(b)}}},
      {"type", {{"content", QuotedText{.min = 1}}}},
      {"scroll", {{start, point}, {"direction", Alternatives{{"'up'", "'down'", "'left'", "'right'"}}}}},
      {"wait", {}},
      {"call_user", {}}};
  if (tags == PointTags::point) calls.push_back({"finished", {{"content", QuotedText{}}}});
  if (tags == PointTags::box) calls.push_back({"finished", {}});
  const ReplyExpression thought_line =
      b.sequence({b.literal("Thought: "), b.repeat(b.text_character(U""), 1), b.literal("\n")});
  return std::make_shared<const Grammar>(
      b.build(b.sequence({b.optional(thought_line), b.literal("Action: "), add_line_call(b, calls)})));
}

std::shared_ptr<const Grammar> action_tag_grammar() {
  GrammarBuilder b;
  const ReplyExpression point =
      b.sequence({b.literal("("), whole_number(b, 0, 999), b.literal(", "), whole_number(b, 0, 999), b.literal(")")});
  const ReplyExpression amount = b.choice({whole_number(b, -4096, -1), whole_number(b, 1, 4096)});
  const ReplyExpression keys = key_list(b);
  std::vector<CallSignature> calls;
  for (const char* name : {"Click", "DoubleClick", "TripleClick", "RightClick", "MiddleClick", "MouseDown", "MouseUp"})
    calls.push_back({name, {{"box", point, false}}});
  calls.push_back({"Hover", {{"box", point}}});
  calls.push_back({"Drag", {{"end", point}, {"start", point, false}}});
  calls.push_back({"Swipe", {{"amount", amount}, {"axis", Alternatives{{"'vertical'", "'horizontal'"}}, false}}});
  calls.push_back({"Type", {{"content", QuotedText{.min = 1}}}});
  calls.push_back({"Hotkey", {{"keys", keys}, {"repeat", IntegerRange{1, 128}, false}}});
  calls.push_back({"KeyDown", {{"keys", keys}}});
  calls.push_back({"KeyUp", {{"keys", keys}}});
  calls.push_back({"Wait", {}});
  std::vector<CallSignature> steps = calls;
  const ReplyExpression sequence =
      b.sequence({b.literal("Sequence(actions=["), add_line_call(b, steps),
                  b.repeat(b.sequence({b.literal(", "), add_line_call(b, steps)}), 1, 31), b.literal("])")});
  calls.push_back({"CallUser", {{"content", QuotedText{}}}});
  calls.push_back({"Finished", {{"content", QuotedText{}}}});
  return std::make_shared<const Grammar>(b.build(b.sequence(
      {thought(b), b.literal("<action>"), b.choice({add_line_call(b, calls), sequence}), b.literal("</action>")})));
}

}  // namespace deskhand
