#pragma once
// One look at the desktop: the picture, what is in it, and all windows, our own included.
//
//   Observation seen = observe(parts);
//   if (!same_windows(seen, asked_about)) …        // a window opened or closed

#include <string>
#include <vector>

#include "agent/agent.h"

namespace deskhand {

struct Observation {
  Image picture;
  Screen screen;                ///< without our own windows
  std::vector<Window> windows;  ///< with them, topmost first
  FrameMap map;                 ///< of the monitor where the work is: coordinates of actions are its pixels
  double milliseconds = 0;
};

Observation observe(const AgentParts& parts);
/// Whether there is anything to work on: a window that is neither ours nor a popup.
bool has_window(const Observation& seen);
/// Whether the same windows are open, popups (menus, lists, tooltips) aside. Titles may differ.
bool same_windows(const Observation& a, const Observation& b);
/// The topmost window under the point, our own included; null when there is none.
const Window* top_window_at(const std::vector<Window>& windows, ScreenPoint point);
/// What people and models would call the same screen: windows, names, values and states, no pixels.
std::string fingerprint(const Screen& screen);

}  // namespace deskhand
