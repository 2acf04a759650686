#include <fmt/format.h>
#include <png.h>

#include <csetjmp>
#include <string>

#include "vision/image_io.h"

namespace deskhand {
namespace {

struct PngWriter {
  std::vector<uint8_t> bytes;
  std::string error;
  png_structp png = nullptr;
  png_infop info = nullptr;

  PngWriter() = default;
  PngWriter(const PngWriter&) = delete;
  PngWriter& operator=(const PngWriter&) = delete;
  ~PngWriter() { png_destroy_write_struct(&png, &info); }
};

void on_error(png_structp png, png_const_charp message) {
  static_cast<PngWriter*>(png_get_error_ptr(png))->error = message;
  png_longjmp(png, 1);
}
void on_warning(png_structp, png_const_charp) {}
void on_write(png_structp png, png_bytep data, size_t count) {
  auto& bytes = static_cast<PngWriter*>(png_get_io_ptr(png))->bytes;
  bytes.insert(bytes.end(), data, data + count);
}
void on_flush(png_structp) {}

/// Owns nothing: errors leave by longjmp.
void write_rows(PngWriter& writer, const Image& image) {
  if (setjmp(png_jmpbuf(writer.png)) != 0) throw ImageError("PNG: " + writer.error);
  png_set_write_fn(writer.png, &writer, on_write, on_flush);
  png_set_IHDR(writer.png, writer.info, static_cast<png_uint_32>(image.width), static_cast<png_uint_32>(image.height),
               8, image.channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  // Screens are flat: a cheap filter and the fastest level lose little size and take a tenth of the default's time.
  png_set_compression_level(writer.png, 1);
  png_set_filter(writer.png, PNG_FILTER_TYPE_BASE, PNG_FILTER_UP);
  png_write_info(writer.png, writer.info);
  for (int y = 0; y < image.height; ++y) png_write_row(writer.png, image.pixel(0, y));
  png_write_end(writer.png, nullptr);
}

}  // namespace

std::vector<uint8_t> encode_png(const Image& image) {
  if (image.empty() || (image.channels != 1 && image.channels != 3)) {
    throw ImageError(fmt::format("PNG: cannot write a picture of {}×{} with {} channels, expected 1 or 3 channels",
                                 image.width, image.height, image.channels));
  }
  PngWriter writer;
  writer.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &writer, on_error, on_warning);
  if (writer.png != nullptr) writer.info = png_create_info_struct(writer.png);
  if (writer.info == nullptr) throw ImageError("PNG: libpng could not start (out of memory or another version)");
  writer.bytes.reserve(image.data.size() / 4);
  write_rows(writer, image);
  return std::move(writer.bytes);
}

}  // namespace deskhand
