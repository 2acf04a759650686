// Anthropic's messages: tool_use blocks of the computer tool or the computer toolset, points in pixels of the picture.

#include <fmt/format.h>

#include "agent/dialect.h"
#include "agent/prompt/canonical_tools.h"
#include "agent/prompt/grounding.h"
#include "agent/reply/acting.h"
#include "agent/reply/canonical.h"
#include "agent/reply/error.h"
#include "agent/reply/literal.h"

namespace deskhand {
namespace {

using nlohmann::json;

Call call_of(const json& block) {
  const json name = block.value("name", json()), input = block.value("input", json::object());
  if (!name.is_string() || !input.is_object())
    throw DialectError(ReplyFault::malformed, "expected a tool_use block with name and input");
  Call call{.name = name, .arguments = input, .text = block.dump(-1, ' ', false, json::error_handler_t::replace)};
  if (const json id = block.value("id", json()); id.is_string()) call.id = id;
  if (call.name != "computer") return call;
  const json action = input.value("action", json());
  if (!action.is_string()) throw DialectError(ReplyFault::bad_args, "computer: action is missing");
  call.name = action;
  call.arguments.erase("action");
  return call;
}

std::vector<Action> parse(std::string_view reply, const ViewSizes& sizes) {
  const std::optional<json> message = whole_value(reply);
  const json content = message && message->is_object() ? message->value("content", json()) : json();
  if (!content.is_array()) throw DialectError(ReplyFault::malformed, "expected a message with content");
  if (message->value("stop_reason", json()) == "max_tokens")
    throw DialectError(ReplyFault::truncated, "the reply was cut at its longest length");
  const PointMap map(sizes, absolute_points);
  std::vector<Action> actions;
  std::string text;
  for (const json& block : content) {
    const json type = block.is_object() ? block.value("type", json()) : json();
    if (type == "text" && block.contains("text") && block["text"].is_string()) text += block["text"];
    if (type != "tool_use") continue;
    append(actions, canonical_actions(call_of(block), map));
  }
  if (!actions.empty()) return actions;
  if (trimmed(text).empty()) throw DialectError(ReplyFault::no_action, "expected an action or an answer, got neither");
  return {{.name = "done", .input = {{"answer", trimmed(text)}, {"success", true}}, .text = text}};
}

/// A remote model has no file to tell it by.
int matches(const ModelInfo&) {
  return 0;
}

DialectPrompt prompt(const DialectInput& input) {
  const Image& frame = last_frame(input);
  DialectPrompt result;
  result.messages = canonical_messages(
      input,
      {.system = canonical_instructions(fmt::format("The picture is {} wide and {} high.", frame.width, frame.height)),
       .pictures = {.keep = 10, .block = 5}});
  result.tools = {{{"type", "computer_20251124"},
                   {"name", "computer"},
                   {"display_width_px", frame.width},
                   {"display_height_px", frame.height},
                   {"enable_zoom", true}}};
  result.max_tokens = 4'096;
  return result;
}

}  // namespace

extern const Dialect dialect_anthropic = {
    .name = "anthropic",
    .matches = matches,
    .prompt = prompt,
    .parse = parse,
    .sees = true,
    .remote = true,
};

}  // namespace deskhand
