#include "tools/locate.h"

namespace deskhand {
namespace {

std::optional<Target> locate(const ToolContext& context, const nlohmann::json& input) {
  return target_of_coordinate(context, input);
}

ToolResult run(const ToolContext& context, const nlohmann::json&, const std::optional<Target>& target) {
  context.desktop.press_button(MouseButton::left);
  ToolResult result{.ok = true, .text = "pressed the left button on " + describe_target(target.value())};
  result.nothing_to_do = true;
  return result;
}

}  // namespace

extern const Tool tool_left_mouse_down = {
    .name = "left_mouse_down",
    .summary = "Press the left mouse button where the pointer is and keep it down until left_mouse_up.",
    .schema = R"({"type": "object", "properties": {}})",
    .risk = Risk::points,
    .locate = locate,
    .run = run,
};

}  // namespace deskhand
