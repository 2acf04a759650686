#include "agent/reply/canonical.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "agent/reply/acting.h"
#include "agent/reply/error.h"
#include "agent/reply/keys.h"

namespace deskhand {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 19> names = {"screenshot",
                                                    "zoom",
                                                    "cursor_position",
                                                    "left_click",
                                                    "right_click",
                                                    "middle_click",
                                                    "double_click",
                                                    "triple_click",
                                                    "left_click_drag",
                                                    "left_mouse_down",
                                                    "left_mouse_up",
                                                    "mouse_move",
                                                    "scroll",
                                                    "type",
                                                    "key",
                                                    "hold_key",
                                                    "wait",
                                                    "ask_user",
                                                    "done"};
constexpr std::array<std::string_view, 12> parameters = {"coordinate",       "start_coordinate", "text",   "key",
                                                         "scroll_direction", "scroll_amount",    "region", "repeat",
                                                         "duration",         "question",         "answer", "success"};
constexpr double longest_hold = 300, most_clicks = 100;

struct CanonicalCall {
  const Call& call;
  const PointMap& map;
  ActionList& out;

  Arguments arguments(NameList declared) const { return Arguments(call, declared); }

  void click() const {
    static constexpr std::array<std::string_view, 3> declared = {"coordinate", "text", "key"};
    const Arguments a = arguments(declared);
    out.at(call.name, a.point("coordinate", map), held(a));
  }

  void drag() const {
    static constexpr std::array<std::string_view, 4> declared = {"coordinate", "start_coordinate", "text", "key"};
    const Arguments a = arguments(declared);
    const json end = a.required_point("coordinate", map);
    const std::optional<json> start = a.point("start_coordinate", map);
    const std::string modifiers = held(a);
    if (!start) return out.drag_from_pointer(end);
    json input = {{"start_coordinate", *start}, {"coordinate", end}};
    if (!modifiers.empty()) input["text"] = modifiers;
    out.add("left_click_drag", std::move(input));
  }

  void scroll() const {
    static constexpr std::array<std::string_view, 5> declared = {"scroll_direction", "scroll_amount", "coordinate",
                                                                 "text", "key"};
    static constexpr std::array<std::string_view, 4> directions = {"up", "down", "left", "right"};
    const Arguments a = arguments(declared);
    const std::string direction = a.word("scroll_direction");
    if (!is_one_of(direction, directions)) a.refuse("scroll_direction", listed(directions));
    const double amount = a.number("scroll_amount");
    if (!(amount >= 1 && amount <= most_clicks) || amount != std::floor(amount))
      a.refuse("scroll_amount", fmt::format("a whole number from 1 to {}", most_clicks));
    out.turn_wheel(direction, static_cast<int64_t>(amount), a.point("coordinate", map), held(a));
  }

  void zoom() const {
    static constexpr std::array<std::string_view, 1> declared = {"region"};
    const std::vector<double> r = arguments(declared).numbers("region", 4);
    out.add("zoom", {{"region", map.region(r[0], r[1], r[2], r[3])}});
  }

  void move() const {
    static constexpr std::array<std::string_view, 1> declared = {"coordinate"};
    out.at("mouse_move", arguments(declared).required_point("coordinate", map));
  }

  void type() const {
    static constexpr std::array<std::string_view, 1> declared = {"text"};
    out.type(arguments(declared).text("text"));
  }

  void key() const {
    static constexpr std::array<std::string_view, 2> declared = {"text", "repeat"};
    const Arguments a = arguments(declared);
    out.keys(key_names(a.value("text"), "text"), a.number("repeat", 1));
  }

  void hold_key() const {
    static constexpr std::array<std::string_view, 2> declared = {"text", "duration"};
    const Arguments a = arguments(declared);
    const double seconds = a.number("duration");
    if (!(seconds >= 0 && seconds <= longest_hold)) a.refuse("duration", fmt::format("0 to {} seconds", longest_hold));
    out.add("hold_key",
            {{"text", one_chord(key_names(a.value("text"), "text"))}, {"duration", whole_where_whole(seconds)}});
  }

  void wait() const {
    static constexpr std::array<std::string_view, 1> declared = {"duration"};
    out.wait(arguments(declared).number("duration"));
  }

  void ask_user() const {
    static constexpr std::array<std::string_view, 1> declared = {"question"};
    out.add("ask_user", {{"question", arguments(declared).text("question")}});
  }

  void done() const {
    static constexpr std::array<std::string_view, 2> declared = {"answer", "success"};
    const Arguments a = arguments(declared);
    out.done(a.text("answer", ""), a.flag("success", true));
  }

  void bare() const {
    arguments({});
    out.add(call.name);
  }

 private:
  static std::string held(const Arguments& a) {
    const std::string_view name = a.has("text") ? "text" : "key";
    if (!a.has(name) || a.value(name) == "") return {};
    return modifiers_of(a.value(name), name);
  }
};

struct CanonicalAction {
  std::string_view name;
  void (CanonicalCall::*act)() const;
};

constexpr CanonicalAction table[] = {{"left_click", &CanonicalCall::click},
                                     {"right_click", &CanonicalCall::click},
                                     {"middle_click", &CanonicalCall::click},
                                     {"double_click", &CanonicalCall::click},
                                     {"triple_click", &CanonicalCall::click},
                                     {"left_click_drag", &CanonicalCall::drag},
                                     {"mouse_move", &CanonicalCall::move},
                                     {"scroll", &CanonicalCall::scroll},
                                     {"type", &CanonicalCall::type},
                                     {"key", &CanonicalCall::key},
                                     {"hold_key", &CanonicalCall::hold_key},
                                     {"wait", &CanonicalCall::wait},
                                     {"zoom", &CanonicalCall::zoom},
                                     {"ask_user", &CanonicalCall::ask_user},
                                     {"done", &CanonicalCall::done},
                                     {"screenshot", &CanonicalCall::bare},
                                     {"cursor_position", &CanonicalCall::bare},
                                     {"left_mouse_down", &CanonicalCall::bare},
                                     {"left_mouse_up", &CanonicalCall::bare}};

}  // namespace

NameList canonical_names() {
  return names;
}

NameList canonical_parameters() {
  return parameters;
}

std::vector<Action> canonical_actions(const Call& call, const PointMap& map) {
  for (const CanonicalAction& known : table) {
    if (known.name != call.name) continue;
    ActionList actions(call);
    const CanonicalCall canonical{call, map, actions};
    (canonical.*known.act)();
    return actions.take();
  }
  throw DialectError(ReplyFault::unknown_action,
                     fmt::format("{} is no tool, expected one of {}", quoted_beginning(call.name), listed(names)));
}

}  // namespace deskhand
