#pragma once
// Shared by the tools that act on a place: from the arguments of a call to a Target, and from a Target to a click.
//
//   Target target = target_of_element(context, input, NameUse::click);   // {"name": "Submit"} or {"id": 4}
//   Target target = target_of_coordinate(context, input);               // {"coordinate": [400, 300]}

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "tools/names.h"
#include "tools/tool.h"

namespace deskhand {

/// By "name" or "id". Throws NoSuchTarget when nothing bears it, ToolError when the use is not possible on it.
Target target_of_element(const ToolContext& context, const nlohmann::json& input, NameUse use);
/// By "coordinate" in the pixels of the frame; without one at the pointer. Throws OutOfFrame.
Target target_of_coordinate(const ToolContext& context, const nlohmann::json& input);
/// What is at [x, y] in the pixels of the frame. Throws OutOfFrame.
Target target_of_point(const ToolContext& context, const nlohmann::json& point);
/// Where keys go: the focused element, else the active window; empty when there is neither.
std::optional<Target> target_of_keyboard(const ToolContext& context);

Target target_of_known_element(const ToolContext& context, const ScreenElement& element);

/// The modifiers in "text". Throws std::invalid_argument.
Modifiers held_modifiers(const nlohmann::json& input);
/// 'button "Submit"', "(400, 300)".
std::string describe_target(const Target& target);
/// Clicks the target and says so: "clicked button "Submit"".
ToolResult click_target(const ToolContext& context, const nlohmann::json& input, const Target& target,
                        MouseButton button, int count);

/// Clicks into a field and waits until the screen is quiet.
void focus_by_click(const ToolContext& context, const Target& target);
/// Clicks a checkbox unless it already is as wanted. Throws ToolError for unticking a radio button.
ToolResult set_checked(const ToolContext& context, const Target& target, bool on);

}  // namespace deskhand
