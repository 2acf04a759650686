// OpenAI's responses: computer_call items with one or several actions, points in pixels of the picture.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "agent/dialect.h"
#include "agent/prompt/canonical_tools.h"
#include "agent/prompt/grounding.h"
#include "agent/reply/acting.h"
#include "agent/reply/error.h"
#include "agent/reply/keys.h"
#include "agent/reply/literal.h"

namespace deskhand {
namespace {

using nlohmann::json;

constexpr double wait_seconds = 2;
constexpr size_t longest_path = 1000;
constexpr std::array<std::string_view, 10> parameters = {"type", "button",   "x",        "y",    "keys",
                                                         "path", "scroll_x", "scroll_y", "text", "id"};

json place(const Arguments& a, const PointMap& map) {
  return map.point(a.number("x"), a.number("y"));
}

std::string held(const Arguments& a) {
  return a.has("keys") && !a.value("keys").empty() ? modifiers_of(a.value("keys"), "keys") : std::string();
}

void click(const Arguments& a, const PointMap& map, ActionList& out) {
  const std::string button = a.word("button", "left");
  if (button == "back" || button == "forward")
    throw DialectError(ReplyFault::unsupported, fmt::format("there is no mouse button {} here", button));
  if (button != "left" && button != "right" && button != "wheel") a.refuse("button", "left, right or wheel");
  out.at((button == "wheel" ? "middle" : button) + "_click", place(a, map), held(a));
}

void double_click(const Arguments& a, const PointMap& map, ActionList& out) {
  out.at("double_click", place(a, map), held(a));
}

void drag(const Arguments& a, const PointMap& map, ActionList& out) {
  const json& path = a.value("path");
  if (!path.is_array() || path.size() < 2 || path.size() > longest_path)
    a.refuse("path", "a list of two points or more");
  std::vector<json> points;
  for (const json& step : path) {
    const std::vector<double> pair = numbers_in(step);
    if (pair.size() != 2) a.refuse("path", "points with x and y");
    points.push_back(map.point(pair[0], pair[1]));
  }
  const std::string modifiers = held(a);
  if (points.size() == 2) {
    json input = {{"start_coordinate", points[0]}, {"coordinate", points[1]}};
    if (!modifiers.empty()) input["text"] = modifiers;
    return out.add("left_click_drag", std::move(input));
  }
  const std::vector<std::string> keys =
      modifiers.empty() ? std::vector<std::string>() : key_names(a.value("keys"), "keys");
  out.hold(keys);
  out.at("mouse_move", points.front());
  out.add("left_mouse_down");
  for (size_t i = 1; i < points.size(); ++i) out.at("mouse_move", points[i]);
  out.add("left_mouse_up");
  out.release(keys);
}

void keypress(const Arguments& a, const PointMap&, ActionList& out) {
  out.add("key", {{"text", one_chord(key_names(a.value("keys"), "keys"))}});
}

void move(const Arguments& a, const PointMap& map, ActionList& out) {
  out.at("mouse_move", place(a, map), held(a));
}

void screenshot(const Arguments&, const PointMap&, ActionList& out) {
  out.add("screenshot");
}

void scroll(const Arguments& a, const PointMap& map, ActionList& out) {
  const double x = a.number("scroll_x", 0), y = a.number("scroll_y", 0);
  if (x == 0 && y == 0) a.refuse("scroll_y", "a number that is not 0 here or in scroll_x");
  const json point = place(a, map);
  const auto clicks = [](double pixels) {
    return std::clamp<int64_t>(Exact(std::min(std::abs(pixels), 1e6)).scaled_near(1, 100), 1, 100);
  };
  if (y != 0) out.turn_wheel(y > 0 ? "down" : "up", clicks(y), point, held(a));
  if (x != 0) out.turn_wheel(x > 0 ? "right" : "left", clicks(x), point, held(a));
}

void type(const Arguments& a, const PointMap&, ActionList& out) {
  out.type(a.text("text"));
}

void wait(const Arguments&, const PointMap&, ActionList& out) {
  out.wait(wait_seconds);
}

struct OpenAiAction {
  std::string_view name;
  void (*act)(const Arguments&, const PointMap&, ActionList&);
};
constexpr OpenAiAction table[] = {
    {"click", click}, {"double_click", double_click}, {"drag", drag},     {"keypress", keypress},
    {"move", move},   {"screenshot", screenshot},     {"scroll", scroll}, {"type", type},
    {"wait", wait}};

std::vector<Action> acts(const json& said, const PointMap& map) {
  const json name = said.is_object() ? said.value("type", json()) : json();
  if (!name.is_string()) throw DialectError(ReplyFault::malformed, "expected an action with its type");
  const Call call{.name = name, .arguments = said, .text = said.dump(-1, ' ', false, json::error_handler_t::replace)};
  for (const OpenAiAction& known : table) {
    if (known.name != call.name) continue;
    ActionList actions(call);
    known.act(Arguments(call, parameters), map, actions);
    return actions.take();
  }
  throw DialectError(ReplyFault::unknown_action, fmt::format("{} is no action", quoted_beginning(call.name)));
}

void check_call(const json& item) {
  if (item.value("status", json()) == "incomplete") throw DialectError(ReplyFault::truncated, "the call is incomplete");
  const json checks = item.value("pending_safety_checks", json::array());
  if (!checks.empty())
    throw DialectError(ReplyFault::unsupported, "the call waits for a safety check that the user has not confirmed: " +
                                                    checks.dump(-1, ' ', false, json::error_handler_t::replace));
}

/// The words of a message item.
std::string words_of(const json& item) {
  std::string text;
  const json content = item.value("content", json::array());
  for (const json& part : content)
    if (part.is_object() && part.contains("text") && part["text"].is_string()) text += part["text"];
  return text;
}

std::vector<Action> parse(std::string_view reply, const ViewSizes& sizes) {
  const std::optional<json> response = whole_value(reply);
  const json output = response && response->is_object() ? response->value("output", json()) : json();
  if (!output.is_array()) throw DialectError(ReplyFault::malformed, "expected a response with output");
  if (response->value("status", json()) == "incomplete")
    throw DialectError(ReplyFault::truncated, "the response is incomplete");
  const PointMap map(sizes, absolute_points);
  std::vector<Action> actions;
  std::string text;
  for (const json& item : output) {
    const json type = item.is_object() ? item.value("type", json()) : json();
    if (type == "message") text += words_of(item);
    if (type != "computer_call") continue;
    check_call(item);
    const json said = item.contains("actions") ? item["actions"] : json::array({item.value("action", json())});
    if (!said.is_array()) throw DialectError(ReplyFault::malformed, "expected a list of actions");
    bool first = true;
    for (const json& action : said) {
      std::vector<Action> more = acts(action, map);
      more.front().continues_call = !std::exchange(first, false);
      if (item.contains("call_id") && item["call_id"].is_string())
        for (Action& act : more) act.call = item["call_id"];
      append(actions, std::move(more));
    }
  }
  if (!actions.empty()) return actions;
  if (trimmed(text).empty()) throw DialectError(ReplyFault::no_action, "expected an action or an answer, got neither");
  return {{.name = "done", .input = {{"answer", trimmed(text)}, {"success", true}}, .text = text}};
}

/// A remote model has no file to tell it by.
int matches(const ModelInfo&) {
  return 0;
}

DialectPrompt prompt(const DialectInput& input) {
  last_frame(input);
  DialectPrompt result;
  result.messages =
      canonical_messages(input, {.system = canonical_instructions(""), .pictures = {.keep = 10, .block = 5}});
  result.tools = {{{"type", "computer"}}};
  result.max_tokens = 4'096;
  return result;
}

}  // namespace

extern const Dialect dialect_openai = {
    .name = "openai",
    .matches = matches,
    .prompt = prompt,
    .parse = parse,
    .sees = true,
    .remote = true,
};

}  // namespace deskhand
