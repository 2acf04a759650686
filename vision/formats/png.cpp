#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <cstring>
#include <string>

#include "vision/formats/format.h"

namespace deskhand {
namespace {

/// libpng's state for one file in memory. Errors leave libpng by longjmp, so `guarded` bodies own nothing.
class PngReader {
 public:
  explicit PngReader(std::span<const uint8_t> bytes) : left_(bytes) {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, on_error, on_warning);
    info_ = png_ != nullptr ? png_create_info_struct(png_) : nullptr;
    if (info_ == nullptr) throw ImageError("PNG: libpng could not start (out of memory or another version)");
    png_set_read_fn(png_, this, read);
  }
  ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  template <typename Body>
  void guarded(Body body) {
    if (setjmp(png_jmpbuf(png_)) == 0) {
      body(png_, info_);
    } else {
      throw ImageError("PNG: " + error_);
    }
  }

 private:
  static void on_error(png_structp png, png_const_charp message) {
    static_cast<PngReader*>(png_get_error_ptr(png))->error_ = message;
    png_longjmp(png, 1);
  }
  static void on_warning(png_structp, png_const_charp) {}
  static void read(png_structp png, png_bytep out, size_t count) {
    auto& left = static_cast<PngReader*>(png_get_io_ptr(png))->left_;
    if (left.size() < count) png_error(png, "the file ends too early");
    std::memcpy(out, left.data(), count);
    left = left.subspan(count);
  }

  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  std::span<const uint8_t> left_;
  std::string error_;
};

bool matches(std::span<const uint8_t> bytes) {
  return starts_with(bytes, "\x89PNG\r\n\x1a\n");
}

/// The sizes of the header, which libpng refuses without naming them.
void check_header(std::span<const uint8_t> bytes, const ImageLimits& limits) {
  constexpr size_t width_at = 16, height_at = 20, end = 24;
  if (bytes.size() < end) return;
  const auto number = [&](size_t at) {
    return int64_t{bytes[at]} << 24 | int64_t{bytes[at + 1]} << 16 | int64_t{bytes[at + 2]} << 8 | bytes[at + 3];
  };
  check_size("PNG", number(width_at), number(height_at), limits);
}

Picture decode(std::span<const uint8_t> bytes, const ImageLimits& limits) {
  check_header(bytes, limits);
  PngReader reader(bytes);
  reader.guarded([&limits](png_structp png, png_infop info) {
    const auto side = static_cast<png_uint_32>(std::max(limits.max_side, 1));
    png_set_user_limits(png, side, side);
    png_read_info(png, info);
  });
  png_uint_32 width = 0, height = 0;
  reader.guarded([&](png_structp png, png_infop info) {
    width = png_get_image_width(png, info);
    height = png_get_image_height(png, info);
  });
  check_size("PNG", width, height, limits);

  int channels = 0, orientation = 1;
  reader.guarded([&](png_structp png, png_infop info) {
    png_set_expand(png);    // palette → RGB, small grey → 8 bits, tRNS → alpha
    png_set_strip_16(png);  // 16 bits → the high byte
    png_set_interlace_handling(png);
    png_read_update_info(png, info);
    channels = png_get_channels(png, info);
    png_uint_32 exif_size = 0;
    png_bytep exif = nullptr;
    if (png_get_eXIf_1(png, info, &exif_size, &exif) != 0) orientation = exif_orientation({exif, exif_size});
  });

  Picture picture = make_picture(static_cast<int>(width), static_cast<int>(height), channels);
  picture.orientation = orientation;
  std::vector<png_bytep> rows(height);
  for (size_t y = 0; y < height; ++y) rows[y] = picture.data.data() + y * width * static_cast<size_t>(channels);
  reader.guarded([&rows](png_structp png, png_infop) { png_read_image(png, rows.data()); });
  return picture;
}

}  // namespace

extern const ImageFormat image_format_png{"PNG", matches, decode};

}  // namespace deskhand
