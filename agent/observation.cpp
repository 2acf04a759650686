#include "agent/observation.h"

#include <fmt/format.h>

#include <set>

namespace deskhand {
namespace {

/// The one with the active window, else the first, as far as the picture shows it.
ScreenRect working_monitor(const std::vector<ScreenRect>& monitors, const Observation& seen) {
  const ScreenRect all = seen.picture.bounds();
  ScreenRect chosen = monitors.empty() ? all : monitors.front().intersect(all);
  for (const Window& window : seen.windows) {
    if (!window.active || window.ours) continue;
    for (const ScreenRect& monitor : monitors)
      if (monitor.contains(window.box.center())) chosen = monitor.intersect(all);
  }
  return chosen.empty() ? all : chosen;
}

}  // namespace

Observation observe(const AgentParts& parts) {
  const Clock::Duration begin = parts.clock.now();
  Observation seen;
  seen.windows = parts.desktop.windows();
  seen.picture = parts.desktop.capture();
  std::vector<Window> others;
  for (const Window& window : seen.windows)
    if (!window.ours) others.push_back(window);
  seen.screen = parts.read_screen(seen.picture, others);
  const ScreenRect monitor = working_monitor(parts.desktop.monitors(), seen);
  seen.map = {.screen = monitor, .frame_width = monitor.width(), .frame_height = monitor.height()};
  seen.milliseconds = std::chrono::duration<double, std::milli>(parts.clock.now() - begin).count();
  return seen;
}

bool has_window(const Observation& seen) {
  for (const Window& window : seen.windows)
    if (!window.ours && !window.popup) return true;
  return false;
}

bool same_windows(const Observation& a, const Observation& b) {
  const auto ids = [](const Observation& seen) {
    std::set<WindowId> open;
    for (const Window& window : seen.windows)
      if (!window.ours && !window.popup) open.insert(window.id);
    return open;
  };
  return ids(a) == ids(b);
}

const Window* top_window_at(const std::vector<Window>& windows, ScreenPoint point) {
  for (const Window& window : windows)
    if (window.box.contains(point)) return &window;
  return nullptr;
}

std::string fingerprint(const Screen& screen) {
  std::string print;
  for (const Window& window : screen.windows)
    print += fmt::format("{}:{}:{}\n", window.id, window.title, window.active);
  for (const ScreenElement& e : screen.elements)
    print += fmt::format("{}:{}:{}:{}:{}{}{}{}\n", e.window, static_cast<int>(e.role), e.text, e.value, e.focused,
                         e.enabled, e.checked, e.selected);
  return print;
}

}  // namespace deskhand
