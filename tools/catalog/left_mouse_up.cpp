#include "tools/locate.h"

namespace deskhand {
namespace {

std::optional<Target> locate(const ToolContext& context, const nlohmann::json& input) {
  return target_of_coordinate(context, input);
}

ToolResult run(const ToolContext& context, const nlohmann::json&, const std::optional<Target>& target) {
  context.desktop.release_button(MouseButton::left);
  ToolResult result{.ok = true, .text = "released the left button on " + describe_target(target.value())};
  result.nothing_to_do = true;  // what was dragged along is on the screen already
  return result;
}

}  // namespace

extern const Tool tool_left_mouse_up = {
    .name = "left_mouse_up",
    .summary = "Release the left mouse button where the pointer is.",
    .schema = R"({"type": "object", "properties": {}})",
    .risk = Risk::points,
    .locate = locate,
    .run = run,
};

}  // namespace deskhand
