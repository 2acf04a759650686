#pragma once
// Pictures from files and to bytes, behind size limits.
//
//   Image image = read_image("photo.jpg");          // PNG, JPEG, WebP, BMP, GIF (first frame), PPM
//   std::vector<uint8_t> png = encode_png(image);
//
// Always RGB: alpha is composited on white, EXIF's orientation is applied, 16 bits keep their high byte. Errors:
// ImageError ("what, where, expected, got"), also for bombs: the header's size is checked before a pixel is decoded.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <stdexcept>
#include <vector>

#include "platform/image.h"

namespace deskhand {

class ImageError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct ImageLimits {
  size_t max_file_bytes = size_t{256} << 20;
  int64_t max_pixels = int64_t{128} << 20;
  int max_side = 32768;
};

Image read_image(const std::filesystem::path& path, const ImageLimits& limits = {});
Image decode_image(std::span<const uint8_t> bytes, const ImageLimits& limits = {});
std::vector<uint8_t> encode_png(const Image& image);

enum class ResizeFilter { bilinear, bicubic, lanczos };

/// Bit-equal to Pillow 12's Image.resize: 22-bit fixed point, horizontal pass first but for strips over 100 times as
/// high as wide. Throws ImageError for an empty picture or size.
Image resize(const Image& image, int width, int height, ResizeFilter filter);

/// Must lie within the picture.
Image crop(const Image& image, ScreenRect part);

/// The frame a model sees: the part of the screen, made at most max_width × max_height (never enlarged), with its map.
Frame make_frame(const Image& screen, ScreenRect part, int max_width, int max_height);

}  // namespace deskhand
