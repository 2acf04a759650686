// Holo3 and 3.1 with constrained JSON: one object per step with a note, a thought and a call, points from 0 to 1000.

#include <array>

#include "agent/dialect.h"
#include "agent/grammar/tool_grammar.h"
#include "agent/prompt/holo_chat.h"
#include "agent/prompt/model_name.h"
#include "agent/reply/error.h"
#include "agent/reply/holo_tools.h"
#include "agent/reply/literal.h"
#include "agent/reply/thought.h"
#include "core/constraint/json_schema.h"

namespace deskhand {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 1> object_opener = {"{"};

/// {"tool_name", …}: the arguments stand beside the name, or in an object of their own.
Call call_of(const json& said) {
  static constexpr std::array<std::string_view, 2> names = {"tool_name", "name"}, inner = {"args", "arguments"};
  Call call{.text = said.dump(-1, ' ', false, json::error_handler_t::replace)};
  for (const std::string_view key : names)
    if (call.name.empty() && said.is_object() && said.contains(key) && said[key].is_string()) {
      call.name = said[key];
      call.arguments = said;
      call.arguments.erase(key);
    }
  if (call.name.empty())
    throw DialectError(ReplyFault::malformed, "expected a call with tool_name, got " + quoted_beginning(call.text));
  for (const std::string_view key : inner)
    if (call.arguments.size() == 1 && call.arguments.contains(key) && call.arguments[key].is_object())
      call.arguments = json(call.arguments[key]);
  return call;
}

std::vector<Action> parse(std::string_view reply, const ViewSizes& sizes) {
  const std::string_view content = behind_thought(reply, object_opener);
  size_t at = content.find('{');
  if (at == std::string_view::npos)
    throw DialectError(ReplyFault::no_action,
                       "expected a JSON object with tool_call, got " + quoted_beginning(content));
  const json step = read_json(content, {}, at);
  static constexpr std::array<std::string_view, 2> keys = {"tool_call", "tool_calls"};
  std::vector<Action> actions;
  for (const std::string_view key : keys) {
    if (!step.contains(key)) continue;
    for (const json& said : step[key].is_array() ? step[key] : json::array({step[key]}))
      append(actions, holo_actions(call_of(said), sizes));
  }
  if (actions.empty()) throw DialectError(ReplyFault::no_action, "expected tool_call in the object, there is none");
  return actions;
}

int matches(const ModelInfo& info) {
  if (is_named(info, {"holo3"})) return fits_name;
  return 0;
}

/// One object per step: a union over the tools, which are told by their names. Bounded: only what the tools take.
nlohmann::ordered_json step_schema(bool bounded) {
  using Json = nlohmann::ordered_json;
  Json calls = Json::array();
  for (const Json& tool : holo_tools()) {
    Json properties = {{"tool_name", {{"const", tool["name"]}}}}, required = {"tool_name"};
    properties.update(bounded ? bounded_parameters(tool)["properties"] : tool["properties"]);
    required.insert(required.end(), tool["required"].begin(), tool["required"].end());
    calls.push_back({{"type", "object"},
                     {"description", tool["description"]},
                     {"properties", std::move(properties)},
                     {"required", std::move(required)},
                     {"additionalProperties", false}});
  }
  return {{"type", "object"},
          {"properties",
           {{"note", {{"anyOf", {{{"type", "null"}}, {{"type", "string"}}}}}},
            {"thought", {{"type", "string"}}},
            {"tool_call", {{"anyOf", std::move(calls)}}}}},
          {"required", {"note", "thought", "tool_call"}},
          {"additionalProperties", false}};
}

std::shared_ptr<const Grammar> step_grammar() {
  GrammarBuilder b;
  return std::make_shared<const Grammar>(b.build(b.sequence({thought(b), add_json_schema(b, step_schema(true))})));
}

/// The object alone, in one way of writing; what cannot be read stays.
std::string object_alone(std::string_view reply, bool) {
  const size_t thought = reply.rfind("</think>");
  if (thought != std::string_view::npos) reply.remove_prefix(thought + 8);
  const size_t begin = reply.find('{'), end = reply.rfind('}');
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin)
    return std::string(trimmed(reply));
  const auto object = nlohmann::ordered_json::parse(reply.substr(begin, end + 1 - begin), nullptr, false);
  return object.is_discarded() ? std::string(trimmed(reply)) : object.dump();
}

DialectPrompt prompt(const DialectInput& input) {
  DialectPrompt result;
  result.messages = holo_messages(input, {.system = holo_instructions("") + "\n\n<output_format>\n```json\n" +
                                                    step_schema(false).dump() + "\n```\n</output_format>",
                                          .said = object_alone});
  static const std::shared_ptr<const Grammar> grammar = step_grammar();
  result.grammar = grammar;
  result.max_tokens = 4'096;
  return result;
}

}  // namespace

extern const Dialect dialect_holo = {
    .name = "holo",
    .matches = matches,
    .prompt = prompt,
    .parse = parse,
    .sees = true,
    .frame = {.factor = 32},
    .sampling = Sampling{.temperature = 0.8f},
};

}  // namespace deskhand
