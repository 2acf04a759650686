#include "agent/repetition.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "agent/observation.h"

namespace deskhand {
namespace {

std::string key_of(const ScreenElement& e) {
  return fmt::format("{}:{}:{}:{},{}", e.window, static_cast<int>(e.role), e.text, e.box.x0, e.box.y0);
}

bool is_box(const ScreenElement& e) {
  return e.role == Role::checkbox || e.role == Role::radio_button || (e.checkable && e.role != Role::toggle_button);
}

/// What such actions are for comes between them, and counts by itself.
bool accompanies_others(const Action& action) {
  constexpr std::string_view names[] = {"wait", "key_down", "key_up", "left_mouse_down", "left_mouse_up"};
  return std::find(std::begin(names), std::end(names), action.name) != std::end(names);
}

}  // namespace

void Repetition::add(const Action& action, const std::optional<ScreenElement>& element, const std::string& print,
                     std::optional<bool> changed) {
  const std::string call = action.name + action.input.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  int& points = points_[call + "\n" + print];
  points += changed == true ? 1 : 2;
  if (!accompanies_others(action) && points >= most_points) loop_ = true;
  if (!element) return;
  if (changed == false) vain_[key_of(*element)] = print;
  if (is_box(*element)) boxes_.insert(key_of(*element));
}

bool Repetition::is_spent(const ScreenElement& element, const std::string& print) const {
  const std::string key = key_of(element);
  if (boxes_.contains(key)) return true;
  const auto vain = vain_.find(key);
  return vain != vain_.end() && vain->second == print;
}

std::set<int> Repetition::spent_ids(const Screen& screen) const {
  std::set<int> ids;
  const std::string print = fingerprint(screen);
  for (const ScreenElement& element : screen.elements)
    if (is_spent(element, print)) ids.insert(element.id);
  return ids;
}

}  // namespace deskhand
