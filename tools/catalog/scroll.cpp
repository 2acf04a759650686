#include "tools/locate.h"

namespace deskhand {
namespace {

ScrollDirection direction_of(const std::string& word) {
  if (word == "up") return ScrollDirection::up;
  if (word == "left") return ScrollDirection::left;
  if (word == "right") return ScrollDirection::right;
  return ScrollDirection::down;
}

std::optional<Target> locate(const ToolContext& context, const nlohmann::json& input) {
  return target_of_coordinate(context, input);
}

ToolResult run(const ToolContext& context, const nlohmann::json& input, const std::optional<Target>& target) {
  const std::string word = input["scroll_direction"].get<std::string>();
  context.desktop.scroll(target.value().point, direction_of(word), input["scroll_amount"].get<int>(),
                         held_modifiers(input));
  return {.ok = true, .text = "scrolled " + word};
}

}  // namespace

extern const Tool tool_scroll = {
    .name = "scroll",
    .summary = "Turn the mouse wheel.",
    .schema = R"({"type": "object", "required": ["scroll_direction", "scroll_amount"], "properties": {
        "scroll_direction": {"type": "string", "enum": ["up", "down", "left", "right"]},
        "scroll_amount": {"type": "integer", "minimum": 1, "maximum": 100, "description": "clicks of the wheel"},
        "coordinate": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2,
                       "description": "x and y in the picture; without it: where the pointer is"},
        "text": {"type": "string", "description": "keys held meanwhile: shift, ctrl, alt, super, joined by +"}}})",
    .risk = Risk::looks,
    .locate = locate,
    .run = run,
};

}  // namespace deskhand
