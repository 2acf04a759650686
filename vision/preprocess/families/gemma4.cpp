// Gemma 4: the largest size of about the picture's shape within a budget of tokens; channels lie side by side.

#include <algorithm>
#include <cmath>

#include "vision/preprocess/picture_family.h"

namespace deskhand {
namespace {

constexpr std::string_view processors[] = {"Gemma4ImageProcessor"};
constexpr std::string_view model_types[] = {"gemma4"};
constexpr std::string_view projectors[] = {"gemma4v"};
constexpr std::array budgets{70, 140, 280, 560, 1120};

void read(const JsonFields& processor, const JsonFields&, PictureSettings& settings) {
  settings.patch = integer_within(processor, "patch_size", settings.patch, 1, most_patch);
  settings.merge = integer_within(processor, "pooling_kernel_size", settings.merge, 1, most_merge);
  settings.most_tokens = integer_within(processor, "max_soft_tokens", settings.most_tokens, 1, budgets.back());
  if (std::find(budgets.begin(), budgets.end(), settings.most_tokens) == budgets.end()) {
    processor.fail(fmt::format("'max_soft_tokens' must be 70, 140, 280, 560 or 1120, got {}", settings.most_tokens));
  }
}

void read_keys(const Metadata&, PictureSettings&) {}

PicturePlan plan(PictureSize picture, const PictureSettings& s) {
  const double h = picture.height, w = picture.width;
  const int unit = s.patch * s.merge;
  const double area = static_cast<double>(s.most_tokens) * unit * unit;
  const double factor = std::sqrt(area / (h * w));
  const auto within = [&](double side) { return static_cast<int>(std::floor(factor * side / unit)) * unit; };
  const auto along = [&](double ratio) {
    return static_cast<int>(std::min<double>(std::floor(ratio), s.most_tokens)) * unit;
  };
  PicturePlan plan;
  int height = within(h), width = within(w);
  if (height == 0 && width > 0) {
    height = unit;
    width = along(w / h);
  } else if (width == 0 && height > 0) {
    width = unit;
    height = along(h / w);
  }
  if (height == 0 || width == 0 || static_cast<double>(height) * width > area) {
    throw ImageError(fmt::format("a picture of {}×{} cannot be resized to at most {} squares of {} pixels",
                                 picture.width, picture.height, s.most_tokens, unit));
  }
  plan.resized = {width, height};
  plan.rows = height / s.patch;
  plan.columns = width / s.patch;
  plan.tokens = plan.patches() / (int64_t{s.merge} * s.merge);
  return plan;
}

void prepare(const Image& picture, const PicturePlan& plan, const PictureSettings& s, PatchWriter& out) {
  out.write_grid(resize(picture, plan.resized.width, plan.resized.height, s.filter), 0, 0, plan.rows, plan.columns);
}

}  // namespace

extern const PictureFamily picture_family_gemma4;
const PictureFamily picture_family_gemma4{
    .name = "gemma4",
    .processors = processors,
    .model_types = model_types,
    .projectors = projectors,
    .layout = PatchLayout::interleaved,
    .defaults = {.patch = 16, .merge = 3, .most_tokens = 280, .normalises = false},
    .read = read,
    .read_keys = read_keys,
    .plan = plan,
    .prepare = prepare,
};

}  // namespace deskhand
