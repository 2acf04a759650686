#include "tools/locate.h"

namespace deskhand {
namespace {

std::optional<Target> locate(const ToolContext& context, const nlohmann::json&) {
  return target_of_keyboard(context);
}

ToolResult run(const ToolContext& context, const nlohmann::json& input, const std::optional<Target>&) {
  const std::string chord = input["text"].get<std::string>();
  context.desktop.press_key(chord);
  ToolResult result{.ok = true, .text = "holding " + chord};
  result.nothing_to_do = true;
  return result;
}

}  // namespace

extern const Tool tool_key_down = {
    .name = "key_down",
    .summary = "Press a key or a chord and keep it down, for clicks and keys that follow, until key_up.",
    .schema = R"({"type": "object", "required": ["text"], "properties": {
        "text": {"type": "string", "description": "in xdotool's names: shift, ctrl, ctrl+shift"}}})",
    .risk = Risk::types,
    .idempotent = true,
    .locate = locate,
    .run = run,
};

}  // namespace deskhand
