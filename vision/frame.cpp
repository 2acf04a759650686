#include <fmt/format.h>

#include <cmath>

#include "vision/image_io.h"

namespace deskhand {

Image crop(const Image& image, ScreenRect part) {
  Image out(part.width(), part.height(), image.channels);
  const size_t row = static_cast<size_t>(part.width()) * image.channels;
  for (int y = 0; y < part.height(); ++y) std::copy_n(image.pixel(part.x0, part.y0 + y), row, out.pixel(0, y));
  return out;
}

Frame make_frame(const Image& screen, ScreenRect part, int max_width, int max_height) {
  const ScreenRect visible = part.intersect(screen.bounds());
  if (visible.empty() || max_width < 1 || max_height < 1) {
    throw ImageError(fmt::format("no frame of ({}, {})–({}, {}) within {}×{} from a screen of {}×{}", part.x0, part.y0,
                                 part.x1, part.y1, max_width, max_height, screen.width, screen.height));
  }
  const double scale = std::min(
      {1.0, static_cast<double>(max_width) / visible.width(), static_cast<double>(max_height) / visible.height()});
  const auto scaled = [scale](int side, int most) {
    return std::clamp(static_cast<int>(std::lround(side * scale)), 1, most);
  };
  Frame frame;
  frame.map = {visible, scaled(visible.width(), max_width), scaled(visible.height(), max_height)};
  frame.pixels = resize(crop(screen, visible), frame.map.frame_width, frame.map.frame_height, ResizeFilter::bicubic);
  return frame;
}

}  // namespace deskhand
