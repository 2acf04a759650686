#include "tools/locate.h"

#include <fmt/format.h>

namespace deskhand {
namespace {

using nlohmann::json;

constexpr int half_mark = 8;  // pixels around a bare point that count as its surroundings

Target target_at(const Screen& screen, ScreenPoint point, const ScreenElement* element) {
  Target target{.point = point,
                .box = {point.x - half_mark, point.y - half_mark, point.x + half_mark, point.y + half_mark},
                .element = std::nullopt,
                .window = std::nullopt,
                .drop = nullptr};
  if (element) {
    target.box = element->box;
    target.element = *element;
  }
  const Window* window = element && element->window ? find_window(screen, element->window) : nullptr;
  if (!window) window = window_at(screen, point);
  if (window) target.window = *window;
  return target;
}

std::string list_names(const Screen& screen, NameUse use) {
  std::string list;
  int count = 0;
  for (const NamedElement& named : unique_names(screen, use)) {
    if (++count > 8) return list + ", …";
    list += fmt::format("{}\"{}\"", count > 1 ? ", " : "", named.name);
  }
  return list.empty() ? "nothing" : list;
}

std::string_view use_word(NameUse use) {
  return use == NameUse::click ? "clicked" : use == NameUse::fill ? "filled" : "ticked";
}

const ScreenElement& find_element(const Screen& screen, const json& input, NameUse use) {
  if (input.contains("id")) {
    const auto id = input["id"].get<int64_t>();
    for (const ScreenElement& element : screen.elements)
      if (element.id == id) return element;
    throw NoSuchTarget(fmt::format("there is no element {} on the screen", id));
  }
  if (!input.contains("name")) throw ToolError("name is missing");
  const std::string name = input["name"].get<std::string>();
  if (const ScreenElement* element = resolve_name(screen, name, use)) return *element;
  throw NoSuchTarget(fmt::format("nothing on the screen is called \"{}\"; what can be {}: {}", display_name(name),
                                 use_word(use), list_names(screen, use)));
}

}  // namespace

Target target_of_element(const ToolContext& context, const json& input, NameUse use) {
  const ScreenElement& element = find_element(context.screen, input, use);
  if (!element.enabled) throw ToolError(fmt::format("\"{}\" is disabled", display_name(element.text)));
  if (!allows(context.screen, element, use))
    throw ToolError(fmt::format("\"{}\" is a {} and cannot be {}", display_name(element.text), role_name(element.role),
                                use_word(use)));
  return target_at(context.screen, element.box.center(), &element);
}

Target target_of_coordinate(const ToolContext& context, const json& input) {
  held_modifiers(input);  // refuse before anything is judged
  if (input.contains("coordinate")) return target_of_point(context, input["coordinate"]);
  const ScreenPoint pointer = context.desktop.pointer();
  return target_at(context.screen, pointer, element_at(context.screen, pointer));
}

Target target_of_point(const ToolContext& context, const json& point) {
  const ScreenPoint at = context.map.to_screen({point[0].get<double>(), point[1].get<double>()});
  return target_at(context.screen, at, element_at(context.screen, at));
}

std::optional<Target> target_of_keyboard(const ToolContext& context) {
  if (const ScreenElement* element = focused_element(context.screen))
    return target_at(context.screen, element->box.center(), element);
  const Window* window = active_window(context.screen);
  if (!window) return std::nullopt;
  return Target{
      .point = window->box.center(), .box = window->box, .element = std::nullopt, .window = *window, .drop = nullptr};
}

Target target_of_known_element(const ToolContext& context, const ScreenElement& element) {
  return target_at(context.screen, element.box.center(), &element);
}

Modifiers held_modifiers(const json& input) {
  return input.contains("text") ? parse_modifiers(input["text"].get<std::string>()) : Modifiers{0};
}

std::string describe_target(const Target& target) {
  if (!target.element) return fmt::format("({}, {})", target.point.x, target.point.y);
  const std::string name = display_name(target.element->text);
  const std::string_view role = role_name(target.element->role);
  return name.empty() ? fmt::format("a {} without a name", role) : fmt::format("{} \"{}\"", role, name);
}

ToolResult click_target(const ToolContext& context, const json& input, const Target& target, MouseButton button,
                        int count) {
  context.desktop.click(target.point, button, count, held_modifiers(input));
  const std::string_view done = button == MouseButton::right    ? "right-clicked"
                                : button == MouseButton::middle ? "middle-clicked"
                                : count == 3                    ? "triple-clicked"
                                : count == 2                    ? "double-clicked"
                                                                : "clicked";
  return {.ok = true, .text = fmt::format("{} {}", done, describe_target(target))};
}

void focus_by_click(const ToolContext& context, const Target& target) {
  if (!context.desktop.held_keys().empty())
    throw ToolError("keys are held down: release them with key_up before text is put into a field");
  context.desktop.click(target.point, MouseButton::left, 1, {});
  using namespace std::chrono_literals;
  context.desktop.wait_until_quiet({.quiet = 60ms, .cap = 600ms}, context.stop);
}

ToolResult set_checked(const ToolContext& context, const Target& target, bool on) {
  const ScreenElement& element = target.element.value();
  const bool known = element.source == ElementSource::accessibility;
  if (!on && element.role == Role::radio_button)
    throw ToolError(fmt::format("{} cannot be unticked: choose another one", describe_target(target)));
  if (known && element.checked == on) {
    ToolResult result{.ok = true,
                      .text = fmt::format("{} is already {}", describe_target(target), on ? "ticked" : "unticked")};
    result.nothing_to_do = true;
    return result;
  }
  context.desktop.click(target.point, MouseButton::left, 1, {});
  return {.ok = true, .text = fmt::format("{} {}", on ? "ticked" : "unticked", describe_target(target))};
}

}  // namespace deskhand
