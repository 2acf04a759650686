#include "tools/locate.h"

namespace deskhand {
namespace {

std::optional<Target> locate(const ToolContext& context, const nlohmann::json& input) {
  return target_of_element(context, input, NameUse::fill);
}

ToolResult run(const ToolContext& context, const nlohmann::json& input, const std::optional<Target>& target) {
  focus_by_click(context, target.value());
  context.desktop.key("ctrl+a");
  const std::string text = input["text"].get<std::string>();
  if (text.empty()) {
    context.desktop.key("BackSpace");
  } else {
    context.desktop.type(text, context.stop);
  }
  return {.ok = true, .text = "filled " + describe_target(*target)};
}

}  // namespace

extern const Tool tool_fill = {
    .name = "fill",
    .summary = "Replace what a field holds by this text.",
    .schema = R"({"type": "object", "required": ["text"], "properties": {
        "name": {"type": "string", "description": "name of the field, as on the screen"},
        "id": {"type": "integer", "description": "number in the element list"},
        "text": {"type": "string"}}})",
    .risk = Risk::types,
    .idempotent = true,
    .locate = locate,
    .run = run,
};

}  // namespace deskhand
