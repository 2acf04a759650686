#pragma once
// A picture in memory: 8 bits per channel, rows without padding.
//
//   Image image(1280, 800);                     // RGB, black
//   image.pixel(10, 20)[0] = 255;               // red

#include <cstddef>
#include <cstdint>
#include <vector>

#include "platform/geometry.h"

namespace deskhand {

struct Image {
  int width = 0;
  int height = 0;
  int channels = 3;           ///< 3: RGB, 1: grey
  std::vector<uint8_t> data;  ///< [height][width][channels]

  Image() = default;
  Image(int w, int h, int c = 3) : width(w), height(h), channels(c), data(static_cast<size_t>(w) * h * c) {}

  bool empty() const { return data.empty(); }
  ScreenRect bounds() const { return {0, 0, width, height}; }
  uint8_t* pixel(int x, int y) { return data.data() + (static_cast<size_t>(y) * width + x) * channels; }
  const uint8_t* pixel(int x, int y) const { return data.data() + (static_cast<size_t>(y) * width + x) * channels; }
  bool operator==(const Image&) const = default;
};

/// What the model saw, and the only way back to the screen.
struct Frame {
  Image pixels;
  FrameMap map;
};

}  // namespace deskhand
