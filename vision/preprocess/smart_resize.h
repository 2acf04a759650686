#pragma once
// The size that models of the Qwen kind resize a picture to: both sides multiples of a factor, the area within a band.
//
//   PictureSize size = smart_resize({1920, 1080}, {.factor = 32, .min_pixels = 65536, .max_pixels = 16777216});
//   // {1920, 1088}
//
// Throws ImageError for an empty picture and for a side over 200 times as long as the other. Source: Qwen's published
// smart_resize; sides round half to even.

#include <cstdint>

namespace deskhand {

struct PictureSize {
  int width = 0, height = 0;

  bool operator==(const PictureSize&) const = default;
};

struct PixelBand {
  int factor = 28;
  int64_t min_pixels = 56 * 56, max_pixels = int64_t{28} * 28 * 1280;
  bool keeps_a_unit = false;  ///< sides that round to nothing become one factor at once, as some agents' copies do
};

PictureSize smart_resize(PictureSize from, const PixelBand& band);

}  // namespace deskhand
