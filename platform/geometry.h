#pragma once
// Points and rectangles, one type per space, and the map between the two spaces.
//
//   FrameMap map{.screen = {0, 0, 1920, 1080}, .frame_width = 960, .frame_height = 540};
//   map.to_screen(FramePoint{100, 50});        // ScreenPoint{201, 101}: the middle of that frame pixel
//   map.to_screen(FramePoint{960, 50});        // throws OutOfFrame: never a click
//
// Screen space: device pixels of the whole (multi-monitor) screen. Frame space: pixels of the picture the model saw.

#include <algorithm>
#include <stdexcept>

namespace deskhand {

struct ScreenPoint {
  int x = 0, y = 0;
  bool operator==(const ScreenPoint&) const = default;
};

struct FramePoint {
  double x = 0, y = 0;
  bool operator==(const FramePoint&) const = default;
};

/// Half-open: [x0, x1) × [y0, y1).
struct ScreenRect {
  int x0 = 0, y0 = 0, x1 = 0, y1 = 0;
  bool operator==(const ScreenRect&) const = default;
  int width() const { return x1 - x0; }
  int height() const { return y1 - y0; }
  bool empty() const { return x1 <= x0 || y1 <= y0; }
  ScreenPoint center() const { return {x0 + (x1 - x0) / 2, y0 + (y1 - y0) / 2}; }
  bool contains(ScreenPoint p) const { return p.x >= x0 && p.x < x1 && p.y >= y0 && p.y < y1; }
  ScreenRect intersect(const ScreenRect& o) const {
    return {std::max(x0, o.x0), std::max(y0, o.y0), std::min(x1, o.x1), std::min(y1, o.y1)};
  }
  ScreenRect unite(const ScreenRect& o) const {
    if (empty()) return o;
    if (o.empty()) return *this;
    return {std::min(x0, o.x0), std::min(y0, o.y0), std::max(x1, o.x1), std::max(y1, o.y1)};
  }
};

/// A model named a point outside the picture it saw.
class OutOfFrame : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Made once, where the frame is made; the only way from what the model saw back to the screen.
struct FrameMap {
  ScreenRect screen;  ///< the part of the screen that the frame shows
  int frame_width = 0, frame_height = 0;

  /// The screen pixel under the middle of a frame pixel. Throws OutOfFrame unless 0 ≤ x < width and 0 ≤ y < height.
  ScreenPoint to_screen(FramePoint p) const;
  FramePoint to_frame(ScreenPoint p) const;
};

}  // namespace deskhand
