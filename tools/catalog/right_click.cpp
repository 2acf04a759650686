#include "tools/locate.h"

namespace deskhand {
namespace {

std::optional<Target> locate(const ToolContext& context, const nlohmann::json& input) {
  return target_of_coordinate(context, input);
}

ToolResult run(const ToolContext& context, const nlohmann::json& input, const std::optional<Target>& target) {
  return click_target(context, input, target.value(), MouseButton::right, 1);
}

}  // namespace

extern const Tool tool_right_click = {
    .name = "right_click",
    .summary = "Click the right mouse button.",
    .schema = R"({"type": "object", "properties": {
        "coordinate": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2,
                       "description": "x and y in the picture; without it: where the pointer is"},
        "text": {"type": "string", "description": "keys held meanwhile: shift, ctrl, alt, super, joined by +"}}})",
    .risk = Risk::points,
    .locate = locate,
    .run = run,
};

}  // namespace deskhand
