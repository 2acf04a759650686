#pragma once
// Canonical actions, as a dialect makes them out of one call.
//
//   ActionList actions(call, map);
//   actions.add("left_click", {{"coordinate", point}});
//   actions.keys({"ctrl", "a"}, 1);
//
// What several dialects say alike: keys and repeats, waiting, scrolling by notches, dragging from the pointer.

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "agent/reply/call.h"

namespace deskhand {

/// A dialect's scroll number as wheel clicks: below 100 notches, from 100 on pixels of 1/100 notch; at most 100.
int64_t notches_of(double amount);

/// A whole number as such.
nlohmann::json whole_where_whole(double value);

void append(std::vector<Action>& actions, std::vector<Action> more);

class ActionList {
 public:
  explicit ActionList(const Call& call) : call_(call) {}

  void add(std::string name, nlohmann::json input = nlohmann::json::object());
  /// A click or the like, at the pointer when there is no point; modifiers are held.
  void at(std::string name, const std::optional<nlohmann::json>& point, std::string modifiers = {});
  /// One `key` per chord; beyond 100 repeats several.
  void keys(const std::vector<std::string>& names, double repeat = 1);
  /// One key_down per key; key_up in reverse.
  void hold(const std::vector<std::string>& names);
  void release(const std::vector<std::string>& names);
  /// Throws DialectError bad_args for an empty text.
  void type(const std::string& text);
  void wait(double seconds);
  /// By the sign: down or up, left or right for a horizontal one. Throws DialectError bad_args for 0.
  void scroll(double amount, bool horizontal, const std::optional<nlohmann::json>& point = {},
              std::string modifiers = {});
  void turn_wheel(std::string_view direction, int64_t clicks, const std::optional<nlohmann::json>& point = {},
                  std::string modifiers = {});
  void drag_from_pointer(const nlohmann::json& end);
  void done(const std::string& answer, bool success);

  std::vector<Action> take() { return std::move(actions_); }

 private:
  const Call& call_;
  std::vector<Action> actions_;
};

}  // namespace deskhand
