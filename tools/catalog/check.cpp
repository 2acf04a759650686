#include "tools/locate.h"

namespace deskhand {
namespace {

std::optional<Target> locate(const ToolContext& context, const nlohmann::json& input) {
  return target_of_element(context, input, NameUse::check);
}

ToolResult run(const ToolContext& context, const nlohmann::json&, const std::optional<Target>& target) {
  return set_checked(context, target.value(), true);
}

}  // namespace

extern const Tool tool_check = {
    .name = "check",
    .summary = "Tick a checkbox or choose a radio button; does nothing when it is so already.",
    .schema = R"({"type": "object", "properties": {
        "name": {"type": "string", "description": "as on the screen"},
        "id": {"type": "integer", "description": "number in the element list"}}})",
    .risk = Risk::points,
    .idempotent = true,
    .locate = locate,
    .run = run,
};

}  // namespace deskhand
