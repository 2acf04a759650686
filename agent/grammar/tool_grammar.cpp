#include "agent/grammar/tool_grammar.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/constraint/json_schema.h"
#include "core/constraint/xml_call.h"

namespace deskhand {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 7> gemma_tokens = {"<|\"|>",     "<|tool_response>", "<turn|>",     "<|channel>",
                                                          "<channel|>", "<|tool_call>",     "<tool_call|>"};
constexpr std::array<std::string_view, 3> reasoning_tags = {"<grounding_think>", "</grounding_think>", "<answer>"};

bool is_required(const Json& parameters, const std::string& name) {
  const Json& required = parameters["required"];
  return std::find(required.begin(), required.end(), name) != required.end();
}

/// A text that is typed, asked or pressed must say something.
bool must_speak(std::string_view name) {
  return name == "text" || name == "content" || name == "question" || name == "title" || name == "element" ||
         name == "description";
}

Json bounded(std::string_view name, const Json& schema) {
  if (name == "key") return key_schema();
  if (name == "keys" || name == "hold_keys" || name == "tap_keys") {
    Json list = schema;
    list["items"] = key_schema();
    return list;
  }
  Json copy = schema;
  if (schema.value("type", "") == "string" && must_speak(name) && !schema.contains("enum")) copy["minLength"] = 1;
  return copy;
}

std::shared_ptr<const Grammar> built(const GrammarBuilder& b, ReplyExpression start) {
  return std::make_shared<const Grammar>(b.build(start));
}

/// A value as Gemma writes it.
class GemmaWriter {
 public:
  explicit GemmaWriter(GrammarBuilder& b) : b_(b) {}

  ReplyExpression value(const Json& schema) {
    if (schema.contains("enum")) {
      std::vector<ReplyExpression> words;
      for (const Json& word : schema["enum"]) words.push_back(quoted(b_.literal(word.get<std::string>())));
      return b_.choice(std::move(words));
    }
    const std::string type = schema.value("type", "");
    if (type == "string")
      return quoted(text_without(b_, gemma_tokens, static_cast<uint32_t>(schema.value("minLength", 0))));
    if (type != "array") return add_json_schema(b_, schema);
    const Json& items = schema["prefixItems"];
    return b_.sequence({b_.literal("["), value(items[0]), b_.literal(","), value(items[1]), b_.literal("]")});
  }

  /// Keys stand in their order; the optional ones behind the first required one may be left out.
  ReplyExpression arguments(const Json& parameters) {
    std::vector<std::string> names;
    for (const auto& [name, schema] : parameters["properties"].items()) names.push_back(name);
    std::sort(names.begin(), names.end());
    std::vector<ReplyExpression> parts = {b_.literal("{")};
    bool first = true;
    for (const std::string& name : names) {
      if (!is_required(parameters, name)) continue;  // few and never needed
      parts.push_back(b_.literal(fmt::format("{}{}:", first ? "" : ",", name)));
      parts.push_back(value(parameters["properties"][name]));
      first = false;
    }
    parts.push_back(b_.literal("}"));
    return b_.sequence(std::move(parts));
  }

 private:
  ReplyExpression quoted(ReplyExpression text) {
    return b_.sequence({b_.literal("<|\"|>"), text, b_.literal("<|\"|>")});
  }

  GrammarBuilder& b_;
};

}  // namespace

Json bounded_parameters(Json parameters) {
  for (auto& [name, schema] : parameters["properties"].items()) schema = bounded(name, schema);
  parameters["additionalProperties"] = false;
  return parameters;
}

namespace {

/// The keys of the canonical tool `key` are a chord in one text.
Json parameters_of(const Json& tool) {
  Json parameters = bounded_parameters(tool["function"]["parameters"]);
  if (tool["function"]["name"] != "key") return parameters;
  Json chords = key_schema()["enum"];
  for (const char* modifier : {"ctrl+", "alt+", "shift+", "ctrl+shift+"})
    for (const char* key : {"a", "c", "f", "l", "n", "o", "s", "t", "v", "w", "x", "z", "Tab", "F4", "Home", "End"})
      chords.push_back(std::string(modifier) + key);
  parameters["properties"]["text"] = {{"enum", std::move(chords)}};
  return parameters;
}

}  // namespace

std::shared_ptr<const Grammar> json_tool_grammar(const Json& tools, const JsonToolStyle& style) {
  GrammarBuilder b;
  Json calls = Json::array();
  for (const Json& tool : tools)
    calls.push_back(
        object_schema({{"name", {{"const", tool["function"]["name"]}}}, {style.arguments, parameters_of(tool)}},
                      {"name", style.arguments}));
  const ReplyExpression call =
      b.sequence({b.literal(style.before), add_json_schema(b, {{"anyOf", calls}}), b.literal(style.after)});
  return built(b, style.thinks ? b.sequence({thought(b), b.optional(prose(b)), call}) : call);
}

std::shared_ptr<const Grammar> xml_tool_grammar(const Json& tools, uint32_t most_calls) {
  std::vector<CallableTool> callable;
  for (const Json& tool : tools)
    callable.push_back(
        {.name = tool["function"]["name"], .parameters = bounded_parameters(tool["function"]["parameters"])});
  const XmlCalls calls(std::move(callable), {.max_calls = most_calls});
  GrammarBuilder b;
  return built(b, b.sequence({thought(b), b.optional(prose(b)), calls.add_to(b)}));
}

std::shared_ptr<const Grammar> gemma_tool_grammar(const Json& tools) {
  GrammarBuilder b;
  GemmaWriter writer(b);
  std::vector<ReplyExpression> calls;
  for (const Json& tool : tools)
    calls.push_back(
        b.sequence({b.literal(fmt::format("<|tool_call>call:{}", tool["function"]["name"].get<std::string>())),
                    writer.arguments(parameters_of(tool)), b.literal("<tool_call|>")}));
  const ReplyExpression channel = b.optional(
      b.sequence({b.literal("<|channel>thought\n"), text_without(b, gemma_tokens, 0), b.literal("<channel|>")}));
  return built(b, b.sequence({channel, b.repeat(b.choice(std::move(calls)), 1, 8)}));
}

std::shared_ptr<const Grammar> point_grammar(const PointNotation& notation, const Extent& largest) {
  GrammarBuilder b;
  const ReplyExpression point =
      b.sequence({b.literal(notation.before), whole_number(b, 0, largest.width), b.literal(notation.between),
                  whole_number(b, 0, largest.height), b.literal(notation.after)});
  const ReplyExpression none = notation.none.empty() ? b.nothing() : b.literal(notation.none);
  const ReplyExpression reasoning =
      notation.reasons ? b.sequence({b.literal("<grounding_think>"), text_without(b, reasoning_tags, 0),
                                     b.literal("</grounding_think>\n")})
                       : b.empty();
  return built(b, b.sequence({reasoning, b.choice({point, none})}));
}

}  // namespace deskhand
