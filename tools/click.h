#pragma once
// Makers of the tools that click a place and of those that tick a box: each tool is one line in its own file.
//
//   extern const Tool tool_left_click =
//       click_tool<MouseButton::left, 1>("left_click", "Click the left mouse button.");
//
// Constant expressions: a tool is there before anything runs.

#include "tools/locate.h"

namespace deskhand {

/// At a coordinate, with modifiers held.
template <MouseButton button, int count>
constexpr Tool click_tool(std::string_view name, std::string_view summary) {
  return {.name = name,
          .summary = summary,
          .schema = R"({"type": "object", "properties": {
        "coordinate": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2,
                       "description": "x and y in the picture; without it: where the pointer is"},
        "text": {"type": "string", "description": "keys held meanwhile: shift, ctrl, alt, super, joined by +"}}})",
          .risk = Risk::points,
          .locate = [](const ToolContext& context, const nlohmann::json& input) -> std::optional<Target> {
            return target_of_coordinate(context, input);
          },
          .run = [](const ToolContext& context, const nlohmann::json& input, const std::optional<Target>& target)
              -> ToolResult { return click_target(context, input, target.value(), button, count); }};
}

/// Sets a box that has a name, or an id in the element list.
template <bool on>
constexpr Tool tick_tool(std::string_view name, std::string_view summary) {
  return {
      .name = name,
      .summary = summary,
      .schema = R"({"type": "object", "properties": {
        "name": {"type": "string", "description": "as on the screen"},
        "id": {"type": "integer", "description": "number in the element list"}}})",
      .risk = Risk::points,
      .idempotent = true,
      .locate = [](const ToolContext& context, const nlohmann::json& input) -> std::optional<Target> {
        return target_of_element(context, input, NameUse::check);
      },
      .run = [](const ToolContext& context, const nlohmann::json&, const std::optional<Target>& target) -> ToolResult {
        return set_checked(context, target.value(), on);
      }};
}

}  // namespace deskhand
