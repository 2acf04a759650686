#include "tools/locate.h"

namespace deskhand {
namespace {

std::optional<Target> locate(const ToolContext& context, const nlohmann::json& input) {
  return target_of_coordinate(context, input);
}

ToolResult run(const ToolContext& context, const nlohmann::json&, const std::optional<Target>& target) {
  context.desktop.move_pointer(target.value().point);
  ToolResult result{.ok = true, .text = "moved the pointer to " + describe_target(*target)};
  result.nothing_to_do = true;
  return result;
}

}  // namespace

extern const Tool tool_mouse_move = {
    .name = "mouse_move",
    .summary = "Move the pointer; while left_mouse_down holds the button, this drags.",
    .schema = R"({"type": "object", "required": ["coordinate"], "properties": {
        "coordinate": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2,
                       "description": "x and y in the picture"}}})",
    .risk = Risk::looks,
    .idempotent = true,
    .locate = locate,
    .run = run,
};

}  // namespace deskhand
