// clang-format off
#include <cstdio>  // jpeglib.h needs FILE
#include <jpeglib.h>
#include <jerror.h>
// clang-format on

#include <csetjmp>
#include <string>

#include "vision/formats/format.h"

namespace deskhand {
namespace {

/// libjpeg's state for one file in memory. Errors leave libjpeg by longjmp, so `guarded` bodies own nothing.
class JpegReader {
 public:
  explicit JpegReader(std::span<const uint8_t> bytes) {
    jpeg_.err = jpeg_std_error(&errors_);
    errors_.error_exit = on_error;
    errors_.emit_message = on_message;
    jpeg_.client_data = this;
    guarded([&](jpeg_decompress_struct& jpeg) {
      jpeg_create_decompress(&jpeg);
      jpeg_mem_src(&jpeg, bytes.data(), bytes.size());
      jpeg_save_markers(&jpeg, JPEG_APP0 + 1, 0xffff);
      progress_.progress_monitor = on_progress;
      jpeg.progress = &progress_;
    });
  }
  ~JpegReader() { jpeg_destroy_decompress(&jpeg_); }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  template <typename Body>
  void guarded(Body body) {
    if (setjmp(escape_) == 0) {
      body(jpeg_);
    } else {
      throw ImageError("JPEG: " + error_);
    }
  }

 private:
  static JpegReader& self(j_common_ptr jpeg) { return *static_cast<JpegReader*>(jpeg->client_data); }
  static void on_error(j_common_ptr jpeg) {
    char text[JMSG_LENGTH_MAX] = {};
    jpeg->err->format_message(jpeg, text);
    fail(jpeg, text);
  }
  [[noreturn]] static void fail(j_common_ptr jpeg, const char* text) {
    self(jpeg).error_ = text;
    longjmp(self(jpeg).escape_, 1);
  }
  static void on_message(j_common_ptr jpeg, int level) {
    if (level < 0 && jpeg->err->msg_code == JWRN_JPEG_EOF) fail(jpeg, "the file ends too early");
  }
  /// A few kilobytes can hold thousands of scans of a large picture.
  static void on_progress(j_common_ptr jpeg) {
    constexpr int most_scans = 200;
    if (reinterpret_cast<j_decompress_ptr>(jpeg)->input_scan_number > most_scans) fail(jpeg, "more than 200 scans");
  }

  jpeg_decompress_struct jpeg_{};
  jpeg_error_mgr errors_{};
  jpeg_progress_mgr progress_{};
  jmp_buf escape_{};
  std::string error_;
};

bool matches(std::span<const uint8_t> bytes) {
  return starts_with(bytes, "\xff\xd8\xff");
}

/// CMYK, inverted where Adobe's marker says so, to RGB in place of the first three channels.
Picture cmyk_to_rgb(const Picture& from, bool inverted) {
  Picture to = make_picture(from.width, from.height, 3);
  const auto multiply = [](int a, int b) {  // a·b/255, rounded
    const int t = a * b + 128;
    return ((t >> 8) + t) >> 8;
  };
  const size_t pixels = from.data.size() / 4;
  for (size_t i = 0; i < pixels; ++i) {
    const uint8_t* ink = &from.data[4 * i];
    const int light = inverted ? ink[3] : 255 - ink[3];
    for (size_t c = 0; c < 3; ++c) {
      const int cover = inverted ? 255 - ink[c] : ink[c];
      to.data[3 * i + c] = static_cast<uint8_t>(std::max(0, light - multiply(cover, light)));
    }
  }
  return to;
}

Picture decode(std::span<const uint8_t> bytes, const ImageLimits& limits) {
  JpegReader reader(bytes);
  int width = 0, height = 0, channels = 0;
  bool inverted = false;
  std::span<const uint8_t> exif;
  reader.guarded([&](jpeg_decompress_struct& jpeg) {
    jpeg_read_header(&jpeg, TRUE);
    const bool ink = jpeg.jpeg_color_space == JCS_CMYK || jpeg.jpeg_color_space == JCS_YCCK;
    const bool grey = jpeg.jpeg_color_space == JCS_GRAYSCALE;
    jpeg.out_color_space = ink ? JCS_CMYK : grey ? JCS_GRAYSCALE : JCS_RGB;
    channels = ink ? 4 : grey ? 1 : 3;
    inverted = jpeg.saw_Adobe_marker != 0;
    width = static_cast<int>(jpeg.image_width);
    height = static_cast<int>(jpeg.image_height);
    for (jpeg_saved_marker_ptr m = jpeg.marker_list; m != nullptr; m = m->next) {
      const std::span<const uint8_t> block(m->data, m->data_length);
      if (exif.empty() && starts_with(block, {"Exif\0\0", 6})) exif = block.subspan(6);
    }
  });
  check_size("JPEG", width, height, limits);
  Picture picture = make_picture(width, height, channels);
  const int orientation = exif_orientation(exif);
  reader.guarded([&](jpeg_decompress_struct& jpeg) {
    jpeg_start_decompress(&jpeg);
    while (jpeg.output_scanline < jpeg.output_height) {
      JSAMPROW row = picture.data.data() + static_cast<size_t>(jpeg.output_scanline) * width * channels;
      jpeg_read_scanlines(&jpeg, &row, 1);
    }
  });
  if (channels == 4) picture = cmyk_to_rgb(picture, inverted);
  picture.orientation = orientation;
  return picture;
}

}  // namespace

extern const ImageFormat image_format_jpeg{"JPEG", matches, decode};

}  // namespace deskhand
