// Qwen2-VL, Qwen2.5-VL, Qwen3-VL, Qwen3.5: any size near the picture's; four patches of a merge block follow each
// other.

#include "vision/preprocess/picture_family.h"

namespace deskhand {
namespace {

constexpr std::string_view processors[] = {"Qwen2VLImageProcessor", "Qwen2_5_VLImageProcessor"};
constexpr std::string_view model_types[] = {"qwen2_vl",     "qwen2_5_vl", "qwen3_vl",
                                            "qwen3_vl_moe", "qwen3_5",    "qwen3_5_moe"};
constexpr std::string_view projectors[] = {"qwen2vl_merger", "qwen2.5vl_merger", "qwen3vl_merger"};
constexpr int most_pixels = 1 << 26;

/// An area: size.shortest_edge and longest_edge (they are no edges), or min_pixels and max_pixels, which win.
void read(const JsonFields& processor, const JsonFields&, PictureSettings& settings) {
  const auto area = [](const JsonFields& fields, const char* key, int64_t fallback) {
    return integer_within(fields, key, static_cast<int>(fallback), 1, most_pixels);
  };
  if (const auto size = processor.object("size")) {
    settings.min_pixels = area(*size, "shortest_edge", settings.min_pixels);
    settings.max_pixels = area(*size, "longest_edge", settings.max_pixels);
    settings.min_pixels = area(*size, "min_pixels", settings.min_pixels);
    settings.max_pixels = area(*size, "max_pixels", settings.max_pixels);
  }
  settings.min_pixels = area(processor, "min_pixels", settings.min_pixels);
  settings.max_pixels = area(processor, "max_pixels", settings.max_pixels);
  if (settings.min_pixels > settings.max_pixels) {
    processor.fail(fmt::format("'min_pixels' must be at most 'max_pixels', got {} and {}", settings.min_pixels,
                               settings.max_pixels));
  }
  settings.patch = integer_within(processor, "patch_size", settings.patch, 1, most_patch);
  settings.merge = integer_within(processor, "merge_size", settings.merge, 1, most_merge);
  settings.frames = integer_within(processor, "temporal_patch_size", settings.frames, 1, most_frames);
}

/// A projector file seldom says the band: then it is the published models'.
void read_keys(const Metadata& keys, PictureSettings& settings) {
  const bool third = projector_type(keys) == "qwen3vl_merger";
  settings.min_pixels = integer_within(keys, "clip.vision.image_min_pixels", third ? 65536 : 3136, 1, most_pixels);
  settings.max_pixels =
      integer_within(keys, "clip.vision.image_max_pixels", third ? 16777216 : 12845056, 1, most_pixels);
  settings.merge = integer_within(keys, "clip.vision.spatial_merge_size", settings.merge, 1, most_merge);
}

PicturePlan plan(PictureSize picture, const PictureSettings& s) {
  PicturePlan plan;
  plan.resized =
      smart_resize(picture, {.factor = s.patch * s.merge, .min_pixels = s.min_pixels, .max_pixels = s.max_pixels});
  plan.rows = plan.resized.height / s.patch;
  plan.columns = plan.resized.width / s.patch;
  plan.tokens = plan.patches() / (int64_t{s.merge} * s.merge);
  return plan;
}

void prepare(const Image& picture, const PicturePlan& plan, const PictureSettings& s, PatchWriter& out) {
  const Image resized = resize(picture, plan.resized.width, plan.resized.height, s.filter);
  const int block = s.patch * s.merge;
  for (int y = 0; y < resized.height; y += block) {
    for (int x = 0; x < resized.width; x += block) out.write_grid(resized, x, y, s.merge, s.merge);
  }
}

}  // namespace

extern const PictureFamily picture_family_qwen;
const PictureFamily picture_family_qwen{
    .name = "qwen",
    .processors = processors,
    .model_types = model_types,
    .projectors = projectors,
    .defaults = {.frames = 2,
                 .min_pixels = 56 * 56,
                 .max_pixels = 28 * 28 * 1280,
                 .mean = clip_mean,
                 .deviation = clip_deviation},
    .read = read,
    .read_keys = read_keys,
    .plan = plan,
    .prepare = prepare,
};

}  // namespace deskhand
