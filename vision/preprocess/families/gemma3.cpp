// Gemma 3: stretched to a square.

#include <cmath>

#include "vision/preprocess/picture_family.h"

namespace deskhand {
namespace {

constexpr std::string_view processors[] = {"Gemma3ImageProcessor"};
constexpr std::string_view model_types[] = {"gemma3"};
constexpr std::string_view projectors[] = {"gemma3"};

/// `merge` patches a side become a token: patches a side over the root of the tokens.
void read(const JsonFields& processor, const JsonFields& model, PictureSettings& settings) {
  if (processor.boolean_if("do_pan_and_scan").value_or(false)) {
    processor.fail("'do_pan_and_scan' must be false: cutting out more views is not done");
  }
  settings.tile = square_side(processor, "size", settings.tile);
  const int tokens = integer_within(model, "mm_tokens_per_image", 256, 1, 1 << 20);
  const int side = static_cast<int>(std::lround(std::sqrt(tokens)));
  const int patches = settings.tile / settings.patch;
  if (side * side != tokens || patches == 0 || patches % side != 0) {
    model.fail(
        fmt::format("'mm_tokens_per_image' must be the square of a divisor of {} patches, got {}", patches, tokens));
  }
  settings.merge = patches / side;
}

void read_keys(const Metadata& keys, PictureSettings& settings) {
  settings.tile = integer_within(keys, "clip.vision.image_size", 896, 1, most_square);
  settings.merge = integer_within(keys, "clip.vision.projector.scale_factor", 4, 1, most_merge);
  if (const int patches = settings.tile / settings.patch; patches % settings.merge != 0) {
    throw ModelFileError(fmt::format("key 'clip.vision.projector.scale_factor' must divide {} patches, got {}", patches,
                                     settings.merge));
  }
}

PicturePlan plan(PictureSize, const PictureSettings& s) {
  PicturePlan plan;
  plan.resized = {s.tile, s.tile};
  plan.rows = plan.columns = s.tile / s.patch;
  const int64_t side = plan.rows / s.merge;
  plan.tokens = side * side;
  return plan;
}

void prepare(const Image& picture, const PicturePlan& plan, const PictureSettings& s, PatchWriter& out) {
  out.write_grid(resize(picture, s.tile, s.tile, s.filter), 0, 0, plan.rows, plan.columns);
}

}  // namespace

extern const PictureFamily picture_family_gemma3;
const PictureFamily picture_family_gemma3{
    .name = "gemma3",
    .processors = processors,
    .model_types = model_types,
    .projectors = projectors,
    .defaults = {.merge = 4, .tile = 224, .filter = ResizeFilter::bilinear},
    .read = read,
    .read_keys = read_keys,
    .plan = plan,
    .prepare = prepare,
};

}  // namespace deskhand
