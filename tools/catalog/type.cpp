#include "tools/locate.h"

namespace deskhand {
namespace {

const ScreenElement* first_empty_field(const Screen& screen) {
  const Window* active = active_window(screen);
  for (const ScreenElement& element : screen.elements) {
    const bool here = !active || element.window == 0 || element.window == active->id;
    if (here && element.value.empty() && element.source == ElementSource::accessibility &&
        allows(screen, element, NameUse::fill))
      return &element;
  }
  return nullptr;
}

bool takes_text(const ScreenElement& element) {
  return element.editable || element.role == Role::terminal || element.role == Role::text_field ||
         element.role == Role::password_field || element.role == Role::text_area || element.role == Role::spin_button;
}

/// Where the focus is; when it is nowhere or on something that takes no text, the first empty field.
std::optional<Target> locate(const ToolContext& context, const nlohmann::json&) {
  const ScreenElement* focused = focused_element(context.screen);
  const Window* active = active_window(context.screen);
  const bool in_terminal = active && active->terminal;
  if (!in_terminal && (!focused || !takes_text(*focused)))
    if (const ScreenElement* field = first_empty_field(context.screen)) return target_of_known_element(context, *field);
  return target_of_keyboard(context);
}

ToolResult run(const ToolContext& context, const nlohmann::json& input, const std::optional<Target>& target) {
  if (!target) throw ToolError("type: there is no window to type into");
  const bool redirected = target->element && !target->element->focused && takes_text(*target->element) &&
                          target->element->role != Role::terminal;
  if (redirected) focus_by_click(context, *target);
  context.desktop.type(input["text"].get<std::string>(), context.stop);
  return {.ok = true, .text = redirected ? "typed into " + describe_target(*target) : "typed"};
}

}  // namespace

extern const Tool tool_type = {
    .name = "type",
    .summary = "Type text where the keyboard focus is; a newline is Return.",
    .schema = R"({"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}})",
    .risk = Risk::types,
    .locate = locate,
    .run = run,
};

}  // namespace deskhand
