#include "vision/preprocess/preprocessor.h"

#include <fmt/format.h>

#include "kernels/check.h"
#include "vision/preprocess/picture_family.h"

namespace deskhand {
namespace {

constexpr int64_t most_values = int64_t{128} << 20;
constexpr int most_tiles = 1024;

int64_t values_of_patch(const PictureSettings& settings) {
  return int64_t{3} * settings.frames * settings.patch * settings.patch;
}

}  // namespace

Preprocessor::Preprocessor(const PictureFamily& family, const PictureSettings& settings, const std::string& what)
    : family_(&family), settings_(settings) {
  const auto check = [&](bool holds, const std::string& message) {
    if (!holds) throw ModelFileError(fmt::format("{}: {}", what, message));
  };
  check(settings.min_pixels <= settings.max_pixels,
        fmt::format("the smallest area of a picture must be at most the largest, got {} and {}", settings.min_pixels,
                    settings.max_pixels));
  check(settings.tile == 0 || settings.tile >= settings.patch * settings.merge,
        fmt::format("a square of {} pixels holds no block of {} × {} patches of {} pixels", settings.tile,
                    settings.merge, settings.merge, settings.patch));
}

PicturePlan Preprocessor::plan(PictureSize picture) const {
  if (picture.width < 1 || picture.height < 1) {
    throw ImageError(fmt::format("a picture of {}×{} has nothing to see", picture.width, picture.height));
  }
  const PicturePlan plan = family_->plan(picture, settings_);
  if (plan.tiles > most_tiles) {
    throw ImageError(fmt::format("a picture of {}×{} would be cut into {} tiles, expected at most {}", picture.width,
                                 picture.height, plan.tiles, most_tiles));
  }
  if (plan.patches() > most_values / values_of_patch(settings_)) {
    throw ImageError(fmt::format("a picture of {}×{} would become {} patches of {} values, expected at most {} values",
                                 picture.width, picture.height, plan.patches(), values_of_patch(settings_),
                                 most_values));
  }
  return plan;
}

EyeInput Preprocessor::prepare(const Image& picture) const {
  if (!picture.empty() && picture.channels != 3) {
    throw ImageError(fmt::format("a picture has {} channels, expected 3 (RGB)", picture.channels));
  }
  EyeInput input{.plan = plan({picture.width, picture.height}), .width = values_of_patch(settings_), .values = {}};
  input.values.resize(static_cast<size_t>(input.plan.patches() * input.width));
  PatchWriter out(settings_, family_->layout, input.values);
  family_->prepare(picture, input.plan, settings_, out);
  CHECK(out.is_full());
  return input;
}

}  // namespace deskhand
