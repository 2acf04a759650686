#include "tools/locate.h"

namespace deskhand {
namespace {

std::optional<Target> locate(const ToolContext& context, const nlohmann::json&) {
  return target_of_keyboard(context);
}

ToolResult run(const ToolContext& context, const nlohmann::json& input, const std::optional<Target>&) {
  const std::string chord = input["text"].get<std::string>();
  const int repeat = input.value("repeat", 1);
  for (int i = 0; i < repeat && !context.stop.stop_requested(); ++i) context.desktop.key(chord);
  return {.ok = true, .text = "pressed " + chord};
}

}  // namespace

extern const Tool tool_key = {
    .name = "key",
    .summary = "Press a key or a chord.",
    .schema = R"({"type": "object", "required": ["text"], "properties": {
        "text": {"type": "string", "description": "in xdotool's names: Return, ctrl+s, alt+F4"},
        "repeat": {"type": "integer", "minimum": 1, "maximum": 100}}})",
    .risk = Risk::types,
    .locate = locate,
    .run = run,
};

}  // namespace deskhand
