#include "platform/fake_desktop.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "platform/key_chord.h"

namespace deskhand {
namespace {

void check_count(int count) {
  if (count < 1 || count > 100) throw std::invalid_argument(fmt::format("{} clicks: expected 1 to 100", count));
}

}  // namespace

FakeDesktop::FakeDesktop(int width, int height) : picture(width, height), pointer_{width / 2, height / 2} {}

void FakeDesktop::add_window(Window window) {
  if (!window.popup) {
    for (Window& other : window_list) other.active = false;
    window.active = true;
  }
  window_list.insert(window_list.begin(), std::move(window));
}

void FakeDesktop::close_window(WindowId id) {
  std::erase_if(window_list, [id](const Window& w) { return w.id == id; });
  const auto active = std::ranges::find_if(window_list, &Window::active);
  const auto next = std::ranges::find_if(window_list, [](const Window& w) { return !w.popup; });
  if (active == window_list.end() && next != window_list.end()) next->active = true;
}

void FakeDesktop::paint(ScreenRect box, uint8_t red, uint8_t green, uint8_t blue) {
  box = box.intersect(picture.bounds());
  for (int y = box.y0; y < box.y1; ++y) {
    for (int x = box.x0; x < box.x1; ++x) {
      uint8_t* pixel = picture.pixel(x, y);
      pixel[0] = red;
      pixel[1] = green;
      pixel[2] = blue;
    }
  }
}

std::string FakeDesktop::typed() const {
  std::string all;
  for (const DesktopAction& action : actions) {
    if (action.kind == DesktopAction::Kind::type) all += action.text;
  }
  return all;
}

ScreenRect FakeDesktop::bounds() const {
  check_alive();
  return picture.bounds();
}

Image FakeDesktop::capture(bool with_pointer) {
  check_alive();
  ++captures;
  if (on_capture) on_capture();
  check_alive();
  Image image = picture;
  if (with_pointer) {  // a white pixel is pointer enough
    std::fill_n(image.pixel(pointer_.x, pointer_.y), image.channels, uint8_t{255});
  }
  return image;
}

std::vector<ScreenRect> FakeDesktop::take_changes() {
  check_alive();
  const Image before = std::exchange(seen_, picture);
  if (before.width != picture.width || before.height != picture.height) return {picture.bounds()};
  ScreenRect changed;
  for (int y = 0; y < picture.height; ++y) {
    for (int x = 0; x < picture.width; ++x) {
      if (!std::equal(picture.pixel(x, y), picture.pixel(x, y) + picture.channels, before.pixel(x, y))) {
        changed = changed.unite({x, y, x + 1, y + 1});
      }
    }
  }
  if (changed.empty()) return {};
  return {changed};
}

bool FakeDesktop::wait_until_quiet(const QuietWait&, std::stop_token stop) {
  check_alive();
  ++waits;
  if (on_wait) on_wait();
  check_alive();
  return !restless && !stop.stop_requested();
}

ScreenPoint FakeDesktop::pointer() {
  check_alive();
  return pointer_;
}

void FakeDesktop::move_pointer(ScreenPoint to) {
  check_point(to);
  pointer_ = to;
  record({.kind = DesktopAction::Kind::move, .at = to});
}

void FakeDesktop::click(ScreenPoint at, MouseButton button, int count, Modifiers held) {
  check_point(at);
  check_count(count);
  check_up(button);
  pointer_ = at;
  record({.kind = DesktopAction::Kind::click, .at = at, .button = button, .count = count, .held = with_held(held)});
}

void FakeDesktop::scroll(ScreenPoint at, ScrollDirection direction, int clicks, Modifiers held) {
  check_point(at);
  check_count(clicks);
  pointer_ = at;
  record({.kind = DesktopAction::Kind::scroll,
          .at = at,
          .count = clicks,
          .direction = direction,
          .held = with_held(held)});
}

void FakeDesktop::drag(ScreenPoint from, ScreenPoint to, Modifiers held) {
  check_point(from);
  check_point(to);
  check_up(MouseButton::left);
  pointer_ = to;
  record({.kind = DesktopAction::Kind::drag, .at = from, .to = to, .held = with_held(held)});
}

void FakeDesktop::press_button(MouseButton button) {
  check_alive();
  check_up(button);
  buttons_[button] = pointer_;
  record({.kind = DesktopAction::Kind::press_button, .at = pointer_, .button = button, .held = with_held(0)});
}

void FakeDesktop::release_button(MouseButton button) {
  check_alive();
  if (buttons_.erase(button) == 0)
    throw InputError(fmt::format("the {} mouse button is not held down", button_name(button)));
  record({.kind = DesktopAction::Kind::release_button, .at = pointer_, .button = button, .held = with_held(0)});
}

void FakeDesktop::type(std::string_view utf8, std::stop_token stop) {
  check_alive();
  decode_utf8(utf8);
  if (stop.stop_requested()) return;
  if (!held_.empty())
    throw InputError(fmt::format("keys are held down ({}): nothing was typed", fmt::join(held_, "+")));
  record({.kind = DesktopAction::Kind::type, .text = std::string(utf8)});
}

void FakeDesktop::key(std::string_view chord) {
  check_alive();
  parse_chord(chord);
  record({.kind = DesktopAction::Kind::key, .text = std::string(chord)});
}

void FakeDesktop::press_key(std::string_view chord) {
  check_alive();
  for (std::string& name : keys_of_chord(chord))
    if (std::ranges::find(held_, name) == held_.end()) held_.push_back(std::move(name));
  record({.kind = DesktopAction::Kind::press_key, .text = std::string(chord)});
}

bool FakeDesktop::release_key(std::string_view chord) {
  check_alive();
  size_t released = 0;
  for (const std::string& name : keys_of_chord(chord)) released += std::erase(held_, name);
  if (released > 0) record({.kind = DesktopAction::Kind::release_key, .text = std::string(chord)});
  return released > 0;
}

void FakeDesktop::release_all() noexcept {
  held_.clear();
  if (const auto left = buttons_.find(MouseButton::left); left != buttons_.end()) pointer_ = left->second;
  buttons_.clear();
}

std::vector<Window> FakeDesktop::windows() {
  check_alive();
  return window_list;
}

bool FakeDesktop::focus(WindowId window) {
  check_alive();
  record({.kind = DesktopAction::Kind::focus, .window = window});
  const auto found = std::ranges::find(window_list, window, &Window::id);
  if (refuses_focus || found == window_list.end()) return false;
  for (Window& other : window_list) other.active = false;
  found->active = true;
  std::rotate(window_list.begin(), found, found + 1);
  return true;
}

void FakeDesktop::check_alive() const {
  if (actions_left_ && *actions_left_ <= 0) throw DesktopError("the display went away");
}

void FakeDesktop::check_point(ScreenPoint at) const {
  check_alive();
  if (picture.bounds().contains(at)) return;
  throw std::invalid_argument(
      fmt::format("the point ({}, {}) is outside the screen of {}×{}", at.x, at.y, picture.width, picture.height));
}

void FakeDesktop::check_up(MouseButton button) const {
  if (buttons_.contains(button))
    throw InputError(fmt::format("the {} mouse button is held down: release it first", button_name(button)));
}

Modifiers FakeDesktop::with_held(Modifiers modifiers) const {
  for (const std::string& name : held_) {
    constexpr std::string_view known[] = {"shift", "ctrl", "alt", "super"};
    if (std::ranges::find(known, name) != std::end(known)) modifiers |= parse_modifiers(name);
  }
  return modifiers;
}

void FakeDesktop::record(DesktopAction action) {
  if (actions_left_) --*actions_left_;
  actions.push_back(action);
  if (on_action) on_action(action);
}

}  // namespace deskhand
