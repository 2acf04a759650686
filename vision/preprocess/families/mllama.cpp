// Llama 3.2 Vision: fitted into the best canvas of at most four square tiles, padded with black before normalising.

#include <algorithm>
#include <cmath>
#include <limits>

#include "vision/preprocess/picture_family.h"

namespace deskhand {
namespace {

constexpr std::string_view processors[] = {"MllamaImageProcessor"};
constexpr std::string_view model_types[] = {"mllama"};

void read(const JsonFields& processor, const JsonFields&, PictureSettings& settings) {
  settings.tile = square_side(processor, "size", settings.tile);
  settings.most_tiles = integer_within(processor, "max_image_tiles", settings.most_tiles, 1, 16);
}

struct Canvas {
  int rows = 0, columns = 0;
};

/// The one that enlarges least, else shrinks least; the smallest of those.
Canvas best_canvas(PictureSize picture, const PictureSettings& s) {
  Canvas best;
  double best_scale = 0;
  for (int rows = 1; rows <= s.most_tiles; ++rows) {
    for (int columns = 1; rows * columns <= s.most_tiles; ++columns) {
      const double scale = std::min(static_cast<double>(rows * s.tile) / picture.height,
                                    static_cast<double>(columns * s.tile) / picture.width);
      const bool better = best_scale >= 1 ? scale >= 1 && scale < best_scale : scale > best_scale;
      const bool smaller = scale == best_scale && rows * columns < best.rows * best.columns;
      if (!better && !smaller) continue;
      best = {rows, columns};
      best_scale = scale;
    }
  }
  return best;
}

PictureSize fitted(PictureSize picture, const Canvas& canvas, int tile) {
  const int width = std::clamp(picture.width, tile, canvas.columns * tile);
  const int height = std::clamp(picture.height, tile, canvas.rows * tile);
  const double wider = static_cast<double>(width) / picture.width;
  const double higher = static_cast<double>(height) / picture.height;
  const auto scaled = [](int side, double by, int most) {
    return std::min(std::max(1, static_cast<int>(std::floor(side * by))), most);
  };
  if (wider < higher) return {width, scaled(picture.height, wider, height)};
  return {scaled(picture.width, higher, width), height};
}

PicturePlan plan(PictureSize picture, const PictureSettings& s) {
  const Canvas canvas = best_canvas(picture, s);
  PicturePlan plan;
  plan.resized = fitted(picture, canvas, s.tile);
  plan.tile_rows = canvas.rows;
  plan.tile_columns = canvas.columns;
  plan.tiles = s.most_tiles;
  plan.rows = plan.columns = s.tile / s.patch;
  plan.tokens = 1;
  return plan;
}

/// The tiles that are not used hold zeros: what normalising would make of grey.
void prepare(const Image& picture, const PicturePlan& plan, const PictureSettings& s, PatchWriter& out) {
  const Image resized = resize(picture, plan.resized.width, plan.resized.height, s.filter);
  Image canvas(plan.tile_columns * s.tile, plan.tile_rows * s.tile);
  for (int y = 0; y < resized.height; ++y) {
    std::copy_n(resized.pixel(0, y), static_cast<size_t>(resized.width) * 3, canvas.pixel(0, y));
  }
  for (int row = 0; row < plan.tile_rows; ++row) {
    for (int column = 0; column < plan.tile_columns; ++column) {
      out.write_grid(canvas, column * s.tile, row * s.tile, plan.rows, plan.columns);
    }
  }
  const int unused = plan.tiles - plan.tile_rows * plan.tile_columns;
  out.write_nothing(int64_t{unused} * plan.rows * plan.columns);
}

}  // namespace

extern const PictureFamily picture_family_mllama;
const PictureFamily picture_family_mllama{
    .name = "mllama",
    .processors = processors,
    .model_types = model_types,
    .projectors = {},
    .defaults = {.tile = 224, .most_tiles = 4, .filter = ResizeFilter::bilinear},
    .read = read,
    .read_keys = nullptr,
    .plan = plan,
    .prepare = prepare,
};

}  // namespace deskhand
