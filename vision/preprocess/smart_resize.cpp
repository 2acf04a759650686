#include "vision/preprocess/smart_resize.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "vision/image_io.h"

namespace deskhand {
namespace {

int64_t to_multiple(double units, int factor) {
  return static_cast<int64_t>(units) * factor;
}

}  // namespace

PictureSize smart_resize(PictureSize from, const PixelBand& band) {
  constexpr double most_ratio = 200;
  if (from.width < 1 || from.height < 1) {
    throw ImageError(fmt::format("a picture of {}×{} cannot be resized", from.width, from.height));
  }
  const double h = from.height, w = from.width, f = band.factor;
  if (const double ratio = std::max(h, w) / std::min(h, w); ratio > most_ratio) {
    throw ImageError(
        fmt::format("a picture of {}×{} is too narrow: expected a ratio of sides of at most {}, got {:.1f}", from.width,
                    from.height, most_ratio, ratio));
  }
  const int64_t least = band.keeps_a_unit ? band.factor : 0;
  int64_t height = std::max(least, to_multiple(std::nearbyint(h / f), band.factor));
  int64_t width = std::max(least, to_multiple(std::nearbyint(w / f), band.factor));
  if (height * width > band.max_pixels) {
    const double beta = std::sqrt(h * w / static_cast<double>(band.max_pixels));
    height = std::max<int64_t>(band.factor, to_multiple(std::floor(h / beta / f), band.factor));
    width = std::max<int64_t>(band.factor, to_multiple(std::floor(w / beta / f), band.factor));
  } else if (height * width < band.min_pixels) {
    const double beta = std::sqrt(static_cast<double>(band.min_pixels) / (h * w));
    height = to_multiple(std::ceil(h * beta / f), band.factor);
    width = to_multiple(std::ceil(w * beta / f), band.factor);
  }
  return {static_cast<int>(width), static_cast<int>(height)};
}

}  // namespace deskhand
