// Idefics 3, SmolVLM, SmolVLM2: enlarged or shrunk to a longest side, cut into square tiles, the whole one comes last.

#include <cmath>

#include "vision/preprocess/picture_family.h"

namespace deskhand {
namespace {

constexpr std::string_view processors[] = {"Idefics3ImageProcessor", "SmolVLMImageProcessor"};
constexpr std::string_view model_types[] = {"idefics3", "smolvlm"};
constexpr std::string_view projectors[] = {"idefics3"};
constexpr int most_side = 4096;  // of the picture that is cut, whatever the file says

void read(const JsonFields& processor, const JsonFields& model, PictureSettings& settings) {
  settings.longest_side = square_side(processor, "size", settings.longest_side);
  settings.tile = square_side(processor, "max_image_size", settings.tile);
  settings.splits = processor.boolean_if("do_image_splitting").value_or(settings.splits);
  settings.merge = integer_within(model, "scale_factor", settings.merge, 1, most_merge);
}

void read_keys(const Metadata& keys, PictureSettings& settings) {
  settings.tile = integer_within(keys, "clip.vision.image_size", settings.tile, 1, most_square);
  settings.longest_side =
      integer_within(keys, "clip.vision.preproc_image_size", int64_t{4} * settings.tile, 1, 4 * most_square);
  settings.merge = integer_within(keys, "clip.vision.projector.scale_factor", settings.merge, 1, most_merge);
}

/// The longer side becomes `longest`, the other keeps the shape, rounded up to an even number.
PictureSize to_longest(PictureSize from, int longest) {
  const double shape = static_cast<double>(from.width) / from.height;
  const auto other = [](double side) {
    const int whole = static_cast<int>(side);
    return std::max(1, whole + whole % 2);
  };
  return from.width >= from.height ? PictureSize{longest, other(longest / shape)}
                                   : PictureSize{other(longest * shape), longest};
}

PictureSize below_most(PictureSize from) {
  const double shape = static_cast<double>(from.width) / from.height;
  if (from.width >= from.height && from.width > most_side) {
    return {most_side, std::max(1, static_cast<int>(most_side / shape))};
  }
  if (from.height > from.width && from.height > most_side) {
    return {std::max(1, static_cast<int>(most_side * shape)), most_side};
  }
  return from;
}

PictureSize to_tiles(PictureSize from, int tile) {
  const double shape = static_cast<double>(from.width) / from.height;
  const auto whole = [tile](int side) { return (side + tile - 1) / tile * tile; };
  if (from.width >= from.height) {
    const int width = whole(from.width);
    return {width, whole(static_cast<int>(width / shape))};
  }
  const int height = whole(from.height);
  return {whole(static_cast<int>(height * shape)), height};
}

PictureSize first_size(PictureSize picture, const PictureSettings& s) {
  return below_most(to_longest(picture, s.longest_side));
}

PicturePlan plan(PictureSize picture, const PictureSettings& s) {
  PicturePlan plan;
  plan.resized = s.splits ? to_tiles(first_size(picture, s), s.tile) : PictureSize{s.tile, s.tile};
  if (plan.resized.width > s.tile || plan.resized.height > s.tile) {
    plan.tile_rows = plan.resized.height / s.tile;
    plan.tile_columns = plan.resized.width / s.tile;
    plan.tiles = plan.tile_rows * plan.tile_columns + 1;
  }
  plan.rows = plan.columns = s.tile / s.patch;
  plan.tokens = plan.patches() / (int64_t{s.merge} * s.merge);
  return plan;
}

void prepare(const Image& picture, const PicturePlan& plan, const PictureSettings& s, PatchWriter& out) {
  const PictureSize first = first_size({picture.width, picture.height}, s);
  Image whole = resize(picture, first.width, first.height, s.filter);
  whole = resize(whole, plan.resized.width, plan.resized.height, s.filter);
  for (int row = 0; row < plan.tile_rows; ++row) {
    for (int column = 0; column < plan.tile_columns; ++column) {
      out.write_grid(whole, column * s.tile, row * s.tile, plan.rows, plan.columns);
    }
  }
  out.write_grid(resize(whole, s.tile, s.tile, s.filter), 0, 0, plan.rows, plan.columns);
}

}  // namespace

extern const PictureFamily picture_family_idefics3;
const PictureFamily picture_family_idefics3{
    .name = "idefics3",
    .processors = processors,
    .model_types = model_types,
    .projectors = projectors,
    .defaults = {.tile = 364, .longest_side = 4 * 364, .splits = true, .filter = ResizeFilter::lanczos},
    .read = read,
    .read_keys = read_keys,
    .plan = plan,
    .prepare = prepare,
};

}  // namespace deskhand
