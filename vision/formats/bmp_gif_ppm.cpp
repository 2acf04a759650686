#include <fmt/format.h>

#include <algorithm>
#include <climits>
#include <memory>

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_BMP
#define STBI_ONLY_GIF
#define STBI_ONLY_PNM
#define STBI_NO_STDIO
#include <stb/stb_image.h>

#include "vision/formats/format.h"

namespace deskhand {
namespace {

bool matches(std::span<const uint8_t> bytes) {
  return starts_with(bytes, "BM") || starts_with(bytes, "GIF8") || starts_with(bytes, "P5") || starts_with(bytes, "P6");
}

/// A file in memory, for stb, which takes zeros for what is missing.
struct Source {
  std::span<const uint8_t> left;
  bool ends_too_early = false;  ///< more was needed than there is

  static int read(void* source, char* out, int size) {
    auto& self = *static_cast<Source*>(source);
    const auto wanted = static_cast<size_t>(size), count = std::min(wanted, self.left.size());
    // stb fills its buffer without need; anything else that it asks for, it needs.
    if (count == 0 || (count < wanted && wanted != sizeof(stbi__context::buffer_start))) self.ends_too_early = true;
    std::copy_n(self.left.begin(), count, out);
    self.left = self.left.subspan(count);
    return static_cast<int>(count);
  }
  static void skip(void* source, int size) {
    auto& self = *static_cast<Source*>(source);
    self.left = self.left.subspan(std::min(static_cast<size_t>(std::max(size, 0)), self.left.size()));
  }
  static int is_at_end(void* source) { return static_cast<Source*>(source)->left.empty() ? 1 : 0; }
};

Picture decode(std::span<const uint8_t> bytes, const ImageLimits& limits) {
  const std::string_view name = bytes[0] == 'B' ? "BMP" : bytes[0] == 'G' ? "GIF" : "PPM";
  if (bytes.size() > INT_MAX) {
    throw ImageError(
        fmt::format("{}: the file is too large: {} bytes, expected at most {}", name, bytes.size(), INT_MAX));
  }
  const int size = static_cast<int>(bytes.size());
  int width = 0, height = 0, channels = 0;
  if (stbi_info_from_memory(bytes.data(), size, &width, &height, &channels) == 0) {
    throw ImageError(fmt::format("{}: {}", name, stbi_failure_reason()));
  }
  check_size(name, width, height, limits);
  const stbi_io_callbacks callbacks = {Source::read, Source::skip, Source::is_at_end};
  Source source{.left = bytes};
  const std::unique_ptr<stbi_uc, void (*)(void*)> pixels(
      stbi_load_from_callbacks(&callbacks, &source, &width, &height, &channels, 4), stbi_image_free);
  if (source.ends_too_early) throw ImageError(fmt::format("{}: the file ends too early", name));
  if (pixels == nullptr) throw ImageError(fmt::format("{}: {}", name, stbi_failure_reason()));
  Picture picture = make_picture(width, height, 4);
  std::copy_n(pixels.get(), picture.data.size(), picture.data.begin());
  return picture;
}

}  // namespace

extern const ImageFormat image_format_bmp_gif_ppm{"BMP, GIF, PPM", matches, decode};

}  // namespace deskhand
