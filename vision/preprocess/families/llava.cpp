// LLaVA 1.5 (CLIP): the shorter side to the eyes' size, then the middle.

#include <algorithm>
#include <cmath>

#include "vision/preprocess/picture_family.h"

namespace deskhand {
namespace {

constexpr std::string_view processors[] = {"CLIPImageProcessor", "LlavaImageProcessor", "CLIPFeatureExtractor"};
constexpr std::string_view model_types[] = {"llava"};
constexpr std::string_view projectors[] = {"mlp"};

void read(const JsonFields& processor, const JsonFields&, PictureSettings& settings) {
  if (const auto size = processor.find("size"); size != nullptr && size->contains("height")) {
    processor.fail("'size' must name the shortest edge, got a height");
  }
  settings.shortest_side = square_side(processor, "size", settings.shortest_side);
  settings.tile = square_side(processor, "crop_size", settings.tile);
  if (processor.boolean_if("do_pad").value_or(false)) processor.fail("'do_pad' must be false: padding is not done");
  if (!processor.boolean_if("do_center_crop").value_or(true)) {
    processor.fail("'do_center_crop' must be true: the eyes see a square");
  }
}

void read_keys(const Metadata& keys, PictureSettings& settings) {
  settings.tile = settings.shortest_side = integer_within(keys, "clip.vision.image_size", 336, 1, most_square);
}

PicturePlan plan(PictureSize picture, const PictureSettings& s) {
  const auto [shorter, longer] = std::minmax(picture.width, picture.height);
  const auto side = static_cast<int64_t>(static_cast<double>(int64_t{s.shortest_side} * longer) / shorter);
  constexpr int64_t most_pixels = 1 << 26;
  if (side * s.shortest_side > most_pixels) {
    throw ImageError(fmt::format("a picture of {}×{} is too narrow: it would be resized to {}×{}", picture.width,
                                 picture.height, s.shortest_side, side));
  }
  PicturePlan plan;
  plan.resized = picture.width <= picture.height ? PictureSize{s.shortest_side, static_cast<int>(side)}
                                                 : PictureSize{static_cast<int>(side), s.shortest_side};
  plan.rows = plan.columns = s.tile / s.patch;
  plan.tokens = plan.patches();
  return plan;
}

/// Where the resized picture is smaller than the square, black is around it.
void prepare(const Image& picture, const PicturePlan& plan, const PictureSettings& s, PatchWriter& out) {
  const Image resized = resize(picture, plan.resized.width, plan.resized.height, s.filter);
  Image middle(s.tile, s.tile);
  const auto offset = [&](int side) { return side >= s.tile ? -((side - s.tile) / 2) : (s.tile - side + 1) / 2; };
  const int left = offset(resized.width), top = offset(resized.height);
  const int first = std::max(0, left), end = std::min(s.tile, left + resized.width);
  for (int y = std::max(0, top); y < std::min(s.tile, top + resized.height); ++y) {
    std::copy_n(resized.pixel(first - left, y - top), static_cast<size_t>(end - first) * 3, middle.pixel(first, y));
  }
  out.write_grid(middle, 0, 0, plan.rows, plan.columns);
}

}  // namespace

extern const PictureFamily picture_family_llava;
const PictureFamily picture_family_llava{
    .name = "llava",
    .processors = processors,
    .model_types = model_types,
    .projectors = projectors,
    .defaults = {.tile = 224, .shortest_side = 224, .mean = clip_mean, .deviation = clip_deviation},
    .read = read,
    .read_keys = read_keys,
    .plan = plan,
    .prepare = prepare,
};

}  // namespace deskhand
