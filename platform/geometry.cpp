#include "platform/geometry.h"

#include <fmt/format.h>

#include <cmath>

namespace deskhand {

ScreenPoint FrameMap::to_screen(FramePoint p) const {
  if (!(p.x >= 0 && p.x < frame_width && p.y >= 0 && p.y < frame_height)) {
    throw OutOfFrame(fmt::format("the point ({}, {}) is outside the picture: expected 0 ≤ x < {} and 0 ≤ y < {}", p.x,
                                 p.y, frame_width, frame_height));
  }
  const double scale_x = static_cast<double>(screen.width()) / frame_width;
  const double scale_y = static_cast<double>(screen.height()) / frame_height;
  const int x = screen.x0 + static_cast<int>(std::floor((std::floor(p.x) + 0.5) * scale_x));
  const int y = screen.y0 + static_cast<int>(std::floor((std::floor(p.y) + 0.5) * scale_y));
  return {std::min(x, screen.x1 - 1), std::min(y, screen.y1 - 1)};
}

FramePoint FrameMap::to_frame(ScreenPoint p) const {
  return {(p.x - screen.x0) * static_cast<double>(frame_width) / screen.width(),
          (p.y - screen.y0) * static_cast<double>(frame_height) / screen.height()};
}

}  // namespace deskhand
