#include "agent/reply/holo_tools.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "agent/reply/error.h"
#include "agent/reply/keys.h"
#include "agent/reply/literal.h"

namespace deskhand {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 23> parameters = {
    "goals",     "content",     "press_enter",  "overwrite", "element", "x",    "y",          "button",
    "direction", "scroll_size", "description",  "x1",        "y1",      "x2",   "y2",         "hold_keys",
    "key",       "keys",        "repeat_count", "tap_keys",  "seconds", "note", "zoom_factor"};
constexpr std::array<std::string_view, 6> optional = {"button",      "press_enter", "overwrite",
                                                      "scroll_size", "hold_keys",   "repeat_count"};
constexpr std::array<std::string_view, 7> not_offered = {
    "shell",     "poll_execution", "send_execution_input", "terminate_execution", "document_ocr", "transcribe_audio",
    "load_skill"};
constexpr std::string_view infeasible_mark = "[TASK=INFEASIBLE]";

json place(const Arguments& a, const PointMap& map, std::string_view x = "x", std::string_view y = "y") {
  return map.point(a.number(x), a.number(y));
}

std::vector<std::string> few_keys(const Arguments& a, std::string_view name, size_t most) {
  std::vector<std::string> names = key_names(a.value(name), name);
  if (names.size() > most) a.refuse(name, fmt::format("at most {} keys", most));
  return names;
}

void click(const Arguments& a, const PointMap& map, ActionList& out) {
  static constexpr std::array<std::string_view, 3> buttons = {"left", "right", "middle"};
  const std::string button = a.word("button", "left");
  if (!is_one_of(button, buttons)) a.refuse("button", listed(buttons));
  out.at(button + "_click", place(a, map));
}

void double_click(const Arguments& a, const PointMap& map, ActionList& out) {
  out.at("double_click", place(a, map));
}

void write(const Arguments& a, const PointMap&, ActionList& out) {
  const std::string content = a.text("content");
  const bool enter = a.flag("press_enter", false), overwrite = a.flag("overwrite", false);
  if (overwrite) {
    out.keys({"ctrl", "a"});
    out.keys({"BackSpace"});
  }
  if (!content.empty() || (!overwrite && !enter)) out.type(content);
  if (enter) out.keys({"Return"});
}

void write_at(const Arguments& a, const PointMap& map, ActionList& out) {
  out.at("left_click", place(a, map));
  write(a, map, out);
}

void scroll(const Arguments& a, const PointMap& map, ActionList& out) {
  static constexpr std::array<std::string_view, 4> directions = {"up", "down", "left", "right"};
  const std::string direction = a.word("direction");
  if (!is_one_of(direction, directions)) a.refuse("direction", listed(directions));
  const double clicks = std::clamp(std::floor(a.number("scroll_size", 10)), 1.0, 100.0);
  out.turn_wheel(direction, static_cast<int64_t>(clicks), place(a, map));
}

void move_to(const Arguments& a, const PointMap& map, ActionList& out) {
  out.at("mouse_move", place(a, map));
}

void drag(const Arguments& a, const PointMap& map, ActionList& out) {
  json input = {{"start_coordinate", place(a, map, "x1", "y1")}, {"coordinate", place(a, map, "x2", "y2")}};
  if (a.has("hold_keys") && !a.value("hold_keys").empty())
    input["text"] = modifiers_of(a.value("hold_keys"), "hold_keys");
  out.add("left_click_drag", std::move(input));
}

void drag_to(const Arguments& a, const PointMap& map, ActionList& out) {
  out.drag_from_pointer(place(a, map));
}

void key_down(const Arguments& a, const PointMap&, ActionList& out) {
  out.hold(few_keys(a, "key", 5));
}

void key_up(const Arguments& a, const PointMap&, ActionList& out) {
  out.release(few_keys(a, "key", 5));
}

void hotkey(const Arguments& a, const PointMap&, ActionList& out) {
  out.keys(few_keys(a, "keys", 5), a.number("repeat_count", 1));
}

void hold_and_tap(const Arguments& a, const PointMap&, ActionList& out) {
  const std::vector<std::string> held = few_keys(a, "hold_keys", 3), taps = few_keys(a, "tap_keys", 5);
  if (taps.size() == 1) {
    std::vector<std::string> all = held;
    all.push_back(taps.front());
    return out.add("key", {{"text", one_chord(all)}});
  }
  out.hold(held);
  for (const std::string& tap : taps) out.keys({tap});
  out.release(held);
}

void button_change(const Arguments& a, ActionList& out, const char* action) {
  const std::string button = a.word("button", "left");
  if (button == "right" || button == "middle")
    throw DialectError(ReplyFault::unsupported,
                       fmt::format("only the left button can be held, not the {} one", button));
  if (button != "left") a.refuse("button", "left");
  out.add(action);
}

void mouse_down(const Arguments& a, const PointMap&, ActionList& out) {
  button_change(a, out, "left_mouse_down");
}

void mouse_up(const Arguments& a, const PointMap&, ActionList& out) {
  button_change(a, out, "left_mouse_up");
}

void wait(const Arguments& a, const PointMap&, ActionList& out) {
  out.wait(a.number("seconds"));
}

void answer(const Arguments& a, const PointMap&, ActionList& out) {
  const std::string content = a.text("content");
  const std::string_view said = trimmed(content);
  const size_t line = said.rfind('\n');
  const std::string_view last = line == std::string_view::npos ? said : said.substr(line + 1);
  if (last != infeasible_mark) return out.done(content, true);
  out.done(std::string(trimmed(said.substr(0, said.size() - last.size()))), false);
}

void note(const Arguments& a, const PointMap&, ActionList& out) {
  out.add("note", {{"text", a.text("note")}});
}

void update_plan(const Arguments& a, const PointMap&, ActionList& out) {
  static constexpr std::array<std::string_view, 4> states = {"todo", "running", "done", "failed"};
  static constexpr std::array<std::string_view, 2> members = {"title", "status"};
  const json& given = a.value("goals");
  const std::optional<json> goals = given.is_string() ? whole_value(given.get_ref<const std::string&>()) : given;
  if (!goals || !goals->is_array()) a.refuse("goals", "a list of goals");
  json plan = json::array();
  for (const json& goal : *goals) {
    if (!goal.is_object()) a.refuse("goals", "goals with title and status");
    const Call call{.name = "update_plan", .arguments = goal};
    const Arguments entry(call, members);
    const std::string status = entry.word("status", "todo");
    if (!is_one_of(status, states)) entry.refuse("status", listed(states));
    plan.push_back({{"title", entry.text("title")}, {"status", status}});
  }
  out.add("plan", {{"goals", std::move(plan)}});
}

void zoom(const Arguments& a, const PointMap& map, ActionList& out) {
  const double factor = a.number("zoom_factor");
  const auto [width, height] = map.sizes().screen;
  if (!(factor >= 1 && factor <= std::min(width, height))) a.refuse("zoom_factor", "a number from 1 on");
  const json middle = place(a, map);
  const auto side = [&](int whole) { return static_cast<int>(whole / factor); };
  const auto begin = [](int center, int part, int whole) { return std::clamp(center - part / 2, 0, whole - part); };
  const int left = begin(middle[0], side(width), width), top = begin(middle[1], side(height), height);
  out.add("zoom", {{"region", {left, top, left + side(width), top + side(height)}}});
}

struct HoloTool {
  std::string_view name;
  void (*act)(const Arguments&, const PointMap&, ActionList&);
};

constexpr HoloTool tools[] = {{"update_plan", update_plan},
                              {"write_desktop", write},
                              {"write", write},
                              {"click_desktop", click},
                              {"click", click},
                              {"double_click_desktop", double_click},
                              {"write_at_desktop", write_at},
                              {"scroll_desktop", scroll},
                              {"move_to_desktop", move_to},
                              {"drag_and_drop", drag},
                              {"drag_to_desktop", drag_to},
                              {"key_down_desktop", key_down},
                              {"key_up_desktop", key_up},
                              {"hotkey_desktop", hotkey},
                              {"hold_and_tap_key_desktop", hold_and_tap},
                              {"mouse_down_desktop", mouse_down},
                              {"mouse_up_desktop", mouse_up},
                              {"wait_desktop", wait},
                              {"zoom_desktop", zoom},
                              {"note", note},
                              {"answer", answer}};

}  // namespace

NameList holo_parameters() {
  return parameters;
}

std::vector<Action> holo_actions(const Call& call, const ViewSizes& sizes) {
  for (const HoloTool& tool : tools) {
    if (tool.name != call.name) continue;
    ActionList actions(call);
    tool.act(Arguments(call, parameters), PointMap(sizes, holo_points), actions);
    return actions.take();
  }
  if (is_one_of(call.name, not_offered))
    throw DialectError(ReplyFault::unsupported, fmt::format("{} is not offered here", call.name));
  throw DialectError(ReplyFault::unknown_action, fmt::format("{} is no tool", quoted_beginning(call.name)));
}

std::vector<Action> holo_actions(std::vector<Call> calls, const ViewSizes& sizes) {
  std::vector<Action> actions;
  for (Call& call : calls) {
    for (const std::string_view name : optional) {
      const auto found = call.arguments.find(name);
      if (found != call.arguments.end() && *found == "null") call.arguments.erase(found);
    }
    append(actions, holo_actions(call, sizes));
  }
  return actions;
}

}  // namespace deskhand
