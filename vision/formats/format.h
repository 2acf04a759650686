#pragma once
// One picture file format per file of this folder; image_io.cpp takes the first whose `matches` accepts the bytes.
//
//   const Picture picture = image_format_png.decode(bytes, limits);   // size checked from the header first
//
// A decoder throws ImageError for everything that is wrong with the bytes, and allocates pixels only after check_size.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "vision/image_io.h"

namespace deskhand {

/// As the file holds it, before alpha and orientation are applied.
struct Picture {
  int width = 0, height = 0;
  int channels = 3;           ///< 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha (not premultiplied)
  int orientation = 1;        ///< EXIF: 1…8
  std::vector<uint8_t> data;  ///< [height][width][channels]
};

struct ImageFormat {
  std::string_view name;
  bool (*matches)(std::span<const uint8_t> bytes);
  Picture (*decode)(std::span<const uint8_t> bytes, const ImageLimits& limits);
};

/// All formats of this folder; the build writes the table.
std::span<const ImageFormat* const> image_formats();

/// Throws ImageError unless 1 ≤ width, height ≤ max_side and width·height ≤ max_pixels.
void check_size(std::string_view format, int64_t width, int64_t height, const ImageLimits& limits);

/// A picture of that size, zeroed; check_size must have passed.
Picture make_picture(int width, int height, int channels);

/// The orientation 1…8 that an EXIF block (starting at its TIFF header) names; 1 when it names none or is damaged.
int exif_orientation(std::span<const uint8_t> tiff);

inline bool starts_with(std::span<const uint8_t> bytes, std::string_view magic, size_t at = 0) {
  return bytes.size() >= at + magic.size() &&
         std::string_view(reinterpret_cast<const char*>(bytes.data()) + at, magic.size()) == magic;
}

}  // namespace deskhand
