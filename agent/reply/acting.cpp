#include "agent/reply/acting.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

#include "agent/reply/error.h"
#include "agent/reply/keys.h"

namespace deskhand {
namespace {

using nlohmann::json;

constexpr int most_repeats = 100, most_keys = 1000;
constexpr double longest_wait = 300;

}  // namespace

json whole_where_whole(double value) {
  if (value == std::floor(value) && std::abs(value) < 1e15) return static_cast<int64_t>(value);
  return value;
}

void append(std::vector<Action>& actions, std::vector<Action> more) {
  std::move(more.begin(), more.end(), std::back_inserter(actions));
}

int64_t notches_of(double amount) {
  const double size = std::min(std::abs(amount), 10'000.0);
  return std::min<int64_t>(Exact(size).scaled_near(1, size < 100 ? 1 : 100), 100);
}

void ActionList::add(std::string name, json input) {
  actions_.push_back({.name = std::move(name),
                      .input = std::move(input),
                      .text = call_.text,
                      .call = call_.id.empty() ? call_.name : call_.id,
                      .continues_call = !actions_.empty()});
}

void ActionList::at(std::string name, const std::optional<json>& point, std::string modifiers) {
  json input = json::object();
  if (point) input["coordinate"] = *point;
  if (!modifiers.empty()) input["text"] = std::move(modifiers);
  add(std::move(name), std::move(input));
}

void ActionList::keys(const std::vector<std::string>& names, double repeat) {
  if (!(repeat >= 1 && repeat <= most_keys) || repeat != std::floor(repeat))
    throw DialectError(ReplyFault::bad_args, fmt::format("{}: a key is to be repeated {} times, expected 1 to {}",
                                                         call_.name, repeat, most_keys));
  for (const std::string& chord : chords_of(names))
    for (auto left = static_cast<int64_t>(repeat); left > 0; left -= most_repeats) {
      json input = {{"text", chord}};
      if (left > 1) input["repeat"] = std::min<int64_t>(left, most_repeats);
      add("key", std::move(input));
    }
}

void ActionList::hold(const std::vector<std::string>& names) {
  for (const std::string& name : names) add("key_down", {{"text", name}});
}

void ActionList::release(const std::vector<std::string>& names) {
  for (auto name = names.rbegin(); name != names.rend(); ++name) add("key_up", {{"text", *name}});
}

void ActionList::type(const std::string& text) {
  if (text.empty()) throw DialectError(ReplyFault::bad_args, call_.name + ": the text is empty");
  add("type", {{"text", text}});
}

void ActionList::wait(double seconds) {
  if (!(seconds >= 0 && seconds <= longest_wait))
    throw DialectError(ReplyFault::bad_args, fmt::format("{}: {} seconds are to be waited, expected 0 to {}",
                                                         call_.name, seconds, longest_wait));
  add("wait", {{"duration", whole_where_whole(seconds)}});
}

void ActionList::scroll(double amount, bool horizontal, const std::optional<json>& point, std::string modifiers) {
  const int64_t clicks = notches_of(amount);
  if (clicks == 0)
    throw DialectError(
        ReplyFault::bad_args,
        fmt::format("{}: the amount is {}, expected its sign to give the direction", call_.name, amount));
  const std::string_view vertical = amount > 0 ? "up" : "down", sideways = amount > 0 ? "right" : "left";
  turn_wheel(horizontal ? sideways : vertical, clicks, point, std::move(modifiers));
}

void ActionList::turn_wheel(std::string_view direction, int64_t clicks, const std::optional<json>& point,
                            std::string modifiers) {
  at("scroll", point, std::move(modifiers));
  actions_.back().input["scroll_direction"] = direction;
  actions_.back().input["scroll_amount"] = clicks;
}

void ActionList::drag_from_pointer(const json& end) {
  add("left_mouse_down");
  add("mouse_move", {{"coordinate", end}});
  add("left_mouse_up");
}

void ActionList::done(const std::string& answer, bool success) {
  add("done", {{"answer", answer}, {"success", success}});
}

}  // namespace deskhand
