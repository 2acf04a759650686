#include "platform/x11/input.h"

#include <X11/XKBlib.h>
#include <X11/extensions/XTest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <thread>
#include <utility>

namespace deskhand::x11 {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds after_move{15};        ///< toolkits act on the motion before the press
constexpr milliseconds button_down{12};       ///< some games and menus poll the button
constexpr milliseconds human_patience{2000};  ///< how long a human may go on holding a modifier
constexpr int move_attempts = 5;

constexpr milliseconds around_drag{40};   ///< between a held button and the motion before and after
constexpr milliseconds between_steps{6};  ///< of a drag
constexpr milliseconds before_drop{60};   ///< a toolkit that has just begun a drag must still see the last motion
constexpr int step_length = 10, fewest_steps = 5, most_steps = 60;

/// Modifiers that change the meaning of clicks and keys. Lock and NumLock (Mod2) are no one's finger.
constexpr unsigned meaningful = ShiftMask | ControlMask | Mod1Mask | Mod3Mask | Mod4Mask | Mod5Mask;

using ModifierMap = std::unique_ptr<XModifierKeymap, decltype(&XFreeModifiermap)>;

/// By modifier, max_keypermod keycodes each.
ModifierMap read_modifier_map(Connection& connection) {
  ModifierMap map(XGetModifierMapping(connection.get()), &XFreeModifiermap);
  connection.get();
  return map;
}

}  // namespace

Input::Input(Connection& connection) : connection_(connection) {
  int event = 0, error = 0, major = 0, minor = 0;
  if (XTestQueryExtension(connection_.get(), &event, &error, &major, &minor) == 0) {
    throw DesktopError(fmt::format(
        "the display \"{}\" lacks the XTEST extension: nothing can be clicked or typed there", connection_.name()));
  }
  XTestGrabControl(connection_.get(), True);  // input passes although another client grabs the server
}

ScreenPoint Input::pointer() const {
  ::Window root = 0, child = 0;
  int x = 0, y = 0, inside_x = 0, inside_y = 0;
  unsigned mask = 0;
  XQueryPointer(connection_.get(), connection_.root(), &root, &child, &x, &y, &inside_x, &inside_y, &mask);
  connection_.get();
  return {x, y};
}

void Input::glide(ScreenPoint to) {
  const ScreenPoint from = pointer();
  const int dx = to.x - from.x, dy = to.y - from.y, distance = std::max(std::abs(dx), std::abs(dy));
  const int steps = std::clamp(distance / step_length, std::min(distance, fewest_steps), most_steps);
  for (int i = 1; i < steps; ++i) {
    XTestFakeMotionEvent(connection_.get(), connection_.screen(), from.x + dx * i / steps, from.y + dy * i / steps,
                         CurrentTime);
    connection_.sync();
    std::this_thread::sleep_for(between_steps);
  }
  if (steps > 0) std::this_thread::sleep_for(before_drop);
}

void Input::move(ScreenPoint to) {
  if (holds_any_button()) glide(to);
  for (int attempt = 0; attempt < move_attempts; ++attempt) {
    if (pointer() == to) return;
    XTestFakeMotionEvent(connection_.get(), connection_.screen(), to.x, to.y, CurrentTime);
    connection_.sync();
    std::this_thread::sleep_for(after_move);
  }
  if (pointer() == to) return;
  throw InputError(
      fmt::format("the pointer does not stay at ({}, {}): somebody else moves or confines it", to.x, to.y));
}

void Input::click(unsigned button, int count, milliseconds pause) {
  for (int i = 0; i < count; ++i) {
    if (i > 0) std::this_thread::sleep_for(pause);
    try {
      fake_button(button, true);
      connection_.sync();
      if (button <= 3) std::this_thread::sleep_for(button_down);
      fake_button(button, false);
      connection_.sync();
    } catch (...) {
      release_all();
      throw;
    }
  }
}

void Input::press_button(unsigned button) {
  fake_button(button, true);
  connection_.sync();
  std::this_thread::sleep_for(around_drag);
}

void Input::release_button(unsigned button) {
  std::this_thread::sleep_for(around_drag);
  fake_button(button, false);
  connection_.sync();
}

bool Input::holds_button(unsigned button) {
  const std::lock_guard lock(mutex_);
  return buttons_.contains(button);
}

bool Input::holds_any_button() {
  const std::lock_guard lock(mutex_);
  return !buttons_.empty();
}

bool Input::holds_key(KeyCode key) {
  const std::lock_guard lock(mutex_);
  return keys_.contains(key);
}

void Input::press_key(KeyCode key) {
  fake_key(key, true);
  connection_.sync();
}

void Input::release_key(KeyCode key) {
  fake_key(key, false);
  connection_.sync();
}

void Input::tap_key(KeyCode key) {
  fake_key(key, true);
  fake_key(key, false);
  connection_.sync();
}

void Input::release_all() noexcept {
  try {
    const std::lock_guard lock(mutex_);
    const auto keys = std::exchange(keys_, {});
    const auto buttons = std::exchange(buttons_, {});
    if (connection_.lost() || (keys.empty() && buttons.empty())) return;
    for (const auto& [button, at] : buttons) {
      XTestFakeMotionEvent(connection_.get(), connection_.screen(), at.x, at.y, CurrentTime);
      XTestFakeButtonEvent(connection_.get(), button, False, CurrentTime);
    }
    for (const KeyCode key : keys) XTestFakeKeyEvent(connection_.get(), key, False, CurrentTime);
    connection_.sync();
  } catch (const std::exception&) {
    // The display went away, and with it what was pressed.
  }
}

void Input::fake_key(KeyCode key, bool down) {
  const std::lock_guard lock(mutex_);
  ::Display* display = connection_.get();
  if (down) {
    keys_.insert(key);
    if (keys_.count(key) > 1) return;
  } else if (const auto found = keys_.find(key); found != keys_.end()) {
    keys_.erase(found);
    if (keys_.contains(key)) return;
  } else {
    return;  // release_all was faster
  }
  XTestFakeKeyEvent(display, key, down ? True : False, CurrentTime);
}

void Input::fake_button(unsigned button, bool down) {
  const ScreenPoint at = pointer();
  const std::lock_guard lock(mutex_);
  ::Display* display = connection_.get();
  if (down) {
    buttons_.emplace(button, at);
  } else if (buttons_.erase(button) == 0) {
    return;
  }
  XTestFakeButtonEvent(display, button, down ? True : False, CurrentTime);
}

void Input::expect_free_modifiers() {
  const auto deadline = std::chrono::steady_clock::now() + human_patience;
  for (bool first = true;; first = false) {
    XkbStateRec state{};
    XkbGetState(connection_.get(), XkbUseCoreKbd, &state);
    connection_.get();
    if ((state.latched_mods & meaningful) != 0) XkbLatchModifiers(connection_.get(), XkbUseCoreKbd, 0xff, 0);
    const unsigned foreign = state.base_mods & meaningful & ~own_modifiers();
    if (foreign == 0) return;
    if (first) {
      release_foreign_keys();
      continue;
    }
    if (std::chrono::steady_clock::now() > deadline) {
      throw InputError(
          fmt::format("somebody holds a modifier key down (mask 0x{:x}): clicks and keys would mean "
                      "something else",
                      foreign));
    }
    std::this_thread::sleep_for(milliseconds(20));
  }
}

unsigned Input::own_modifiers() {
  const std::lock_guard lock(mutex_);
  if (keys_.empty()) return 0;
  const ModifierMap map = read_modifier_map(connection_);
  unsigned mask = 0;
  for (int i = 0; map && i < 8 * map->max_keypermod; ++i)
    if (keys_.contains(map->modifiermap[i])) mask |= 1U << (i / map->max_keypermod);
  return mask;
}

/// What another program left pressed through XTest can be released through XTest; what a finger holds cannot.
void Input::release_foreign_keys() {
  char down[32] = {};
  XQueryKeymap(connection_.get(), down);
  const ModifierMap map = read_modifier_map(connection_);
  if (!map) return;
  for (int i = 0; i < 8 * map->max_keypermod; ++i) {
    const KeyCode key = map->modifiermap[i];
    if (key != 0 && ((down[key / 8] >> (key % 8)) & 1) != 0 && !holds_key(key)) {
      XTestFakeKeyEvent(connection_.get(), key, False, CurrentTime);
    }
  }
  connection_.sync();
}

Input::Hold::Hold(Input& input, std::span<const KeyCode> keys) : input_(input) {
  try {
    for (const KeyCode key : keys) {
      input_.press_key(key);
      keys_.push_back(key);
    }
  } catch (...) {
    input_.release_all();
    throw;
  }
}

Input::Hold::~Hold() {
  try {
    for (auto key = keys_.rbegin(); key != keys_.rend(); ++key) input_.release_key(*key);
  } catch (const std::exception&) {
    input_.release_all();
  }
}

}  // namespace deskhand::x11
