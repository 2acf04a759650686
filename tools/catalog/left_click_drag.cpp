#include <fmt/format.h>

#include "tools/locate.h"

namespace deskhand {
namespace {

std::optional<Target> locate(const ToolContext& context, const nlohmann::json& input) {
  held_modifiers(input);  // refuse before anything is judged
  Target target = target_of_point(context, input["start_coordinate"]);
  target.drop = std::make_shared<const Target>(target_of_point(context, input["coordinate"]));
  return target;
}

ToolResult run(const ToolContext& context, const nlohmann::json& input, const std::optional<Target>& target) {
  const Target& drop = *target.value().drop;
  context.desktop.drag(target->point, drop.point, held_modifiers(input));
  return {.ok = true, .text = fmt::format("dragged from {} to {}", describe_target(*target), describe_target(drop))};
}

}  // namespace

extern const Tool tool_left_click_drag = {
    .name = "left_click_drag",
    .summary = "Drag with the left mouse button from one point to another.",
    .schema = R"({"type": "object", "required": ["start_coordinate", "coordinate"], "properties": {
        "start_coordinate": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2,
                             "description": "x and y in the picture, where to press"},
        "coordinate": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2,
                       "description": "x and y in the picture, where to let go"},
        "text": {"type": "string", "description": "keys held meanwhile: shift, ctrl, alt, super, joined by +"}}})",
    .risk = Risk::points,
    .locate = locate,
    .run = run,
};

}  // namespace deskhand
