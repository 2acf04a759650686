#include "vision/image_io.h"

#include <fmt/format.h>

#include <fstream>
#include <utility>

#include "vision/formats/format.h"

namespace deskhand {
namespace {

/// On white: (c·a + 255·(255 − a) + 127) / 255, as Pillow's alpha_composite and transformers do.
uint8_t on_white(int colour, int alpha) {
  return static_cast<uint8_t>((colour * alpha + 255 * (255 - alpha) + 127) / 255);
}

Image flatten(const Picture& picture) {
  Image image(picture.width, picture.height);
  const size_t pixels = static_cast<size_t>(picture.width) * picture.height;
  const int channels = picture.channels;
  const bool grey = channels < 3, alpha = channels % 2 == 0;
  for (size_t i = 0; i < pixels; ++i) {
    const uint8_t* from = &picture.data[i * channels];
    uint8_t* to = &image.data[i * 3];
    for (int c = 0; c < 3; ++c) {
      const uint8_t colour = from[grey ? 0 : c];
      to[c] = alpha ? on_white(colour, from[channels - 1]) : colour;
    }
  }
  return image;
}

/// EXIF orientations: 5…8 swap the axes; which side the file's first row and column are on says the rest.
Image orient(Image image, int orientation) {
  if (orientation == 1) return image;
  const bool swapped = orientation >= 5;
  const bool mirror_x = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
  const bool mirror_y = orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
  Image turned(swapped ? image.height : image.width, swapped ? image.width : image.height);
  for (int y = 0; y < turned.height; ++y) {
    for (int x = 0; x < turned.width; ++x) {
      const int tx = mirror_x ? turned.width - 1 - x : x;
      const int ty = mirror_y ? turned.height - 1 - y : y;
      std::copy_n(swapped ? image.pixel(ty, tx) : image.pixel(tx, ty), 3, turned.pixel(x, y));
    }
  }
  return turned;
}

}  // namespace

void check_size(std::string_view format, int64_t width, int64_t height, const ImageLimits& limits) {
  const bool fits = width >= 1 && height >= 1 && width <= limits.max_side && height <= limits.max_side &&
                    width * height <= limits.max_pixels;
  if (fits) return;
  throw ImageError(fmt::format("{}: the picture is {}×{}, expected 1 to {} a side and at most {} pixels", format, width,
                               height, limits.max_side, limits.max_pixels));
}

Picture make_picture(int width, int height, int channels) {
  Picture picture;
  picture.width = width;
  picture.height = height;
  picture.channels = channels;
  picture.data.resize(static_cast<size_t>(width) * height * channels);
  return picture;
}

Image decode_image(std::span<const uint8_t> bytes, const ImageLimits& limits) {
  if (bytes.size() > limits.max_file_bytes) {
    throw ImageError(fmt::format("the picture has {} bytes, expected at most {}", bytes.size(), limits.max_file_bytes));
  }
  for (const ImageFormat* format : image_formats()) {
    if (!format->matches(bytes)) continue;
    const Picture picture = format->decode(bytes, limits);
    return orient(flatten(picture), picture.orientation);
  }
  throw ImageError(fmt::format("not a picture of a known format ({} bytes): expected PNG, JPEG, WebP, BMP, GIF or PPM",
                               bytes.size()));
}

Image read_image(const std::filesystem::path& path, const ImageLimits& limits) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    throw ImageError(fmt::format("{}: is a folder, expected a picture", path.string()));
  }
  std::ifstream in(path, std::ios::binary);
  if (!in) throw ImageError(fmt::format("{}: cannot be opened", path.string()));
  std::vector<uint8_t> bytes;
  constexpr size_t step = size_t{1} << 20;  // grows as the file is read: a pipe has no size
  while (in && bytes.size() <= limits.max_file_bytes) {
    const size_t at = bytes.size();
    bytes.resize(at + step);
    in.read(reinterpret_cast<char*>(bytes.data() + at), step);
    bytes.resize(at + static_cast<size_t>(in.gcount()));
  }
  if (in.bad()) throw ImageError(fmt::format("{}: cannot be read", path.string()));
  try {
    return decode_image(bytes, limits);
  } catch (const ImageError& e) {
    throw ImageError(fmt::format("{}: {}", path.string(), e.what()));
  }
}

}  // namespace deskhand
