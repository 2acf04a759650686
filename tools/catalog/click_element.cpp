#include "tools/locate.h"

namespace deskhand {
namespace {

std::optional<Target> locate(const ToolContext& context, const nlohmann::json& input) {
  return target_of_element(context, input, NameUse::click);
}

ToolResult run(const ToolContext& context, const nlohmann::json&, const std::optional<Target>& target) {
  return click_target(context, {}, target.value(), MouseButton::left, 1);
}

}  // namespace

extern const Tool tool_click_element = {
    .name = "click_element",
    .summary = "Click what is on the screen under this name, or with this id in the element list.",
    .schema = R"({"type": "object", "properties": {
        "name": {"type": "string", "description": "as on the screen; \"Remove #2\" is the second of that name"},
        "id": {"type": "integer", "description": "number in the element list"}}})",
    .risk = Risk::points,
    .locate = locate,
    .run = run,
};

}  // namespace deskhand
