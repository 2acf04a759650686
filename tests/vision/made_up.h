#pragma once
// Pictures by formula, the same in C++ and in Python, so that fixtures hold none.
//
//   Image noise = made_up(0, 640, 480, 3);     // 1: black and white noise, 2: a pattern

#include <cstdint>

#include "platform/image.h"

namespace deskhand::testing {

/// The picture that tests/reference/pillow_resize.py makes.
inline Image made_up(int kind, int width, int height, int channels) {
  Image image(width, height, channels);
  if (kind == 2) {
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        for (int c = 0; c < channels; ++c) image.pixel(x, y)[c] = static_cast<uint8_t>(x * 7 + y * 3 + c * 40);
      }
    }
    return image;
  }
  uint32_t state = (static_cast<uint32_t>(width) << 16) + static_cast<uint32_t>(height);
  for (uint8_t& value : image.data) {
    state = state * 1664525 + 1013904223;
    value = kind == 0 ? static_cast<uint8_t>(state >> 24) : (state >> 31) != 0 ? 255 : 0;
  }
  return image;
}

}  // namespace deskhand::testing
