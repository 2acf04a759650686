#pragma once
// One way of preparing pictures per file of families/; the build writes their table.
//
//   for (const PictureFamily* family : picture_families()) names.push_back(family->name);
//
// A family reads what is its own from files whose common keys are read already, and says what becomes of a picture.

#include <fmt/format.h>

#include <span>
#include <string_view>

#include "core/hugging_face/json_fields.h"
#include "vision/preprocess/patches.h"
#include "vision/preprocess/preprocessor.h"

namespace deskhand {

struct PictureFamily {
  std::string_view name;
  std::span<const std::string_view> processors;   ///< image_processor_type without "Fast"
  std::span<const std::string_view> model_types;  ///< config.json's, where the processor has no type
  std::span<const std::string_view> projectors;   ///< clip.projector_type
  PatchLayout layout = PatchLayout::planes;
  PictureSettings defaults;  ///< of the processor's class
  void (*read)(const JsonFields& processor, const JsonFields& model, PictureSettings& settings);
  void (*read_keys)(const Metadata& keys, PictureSettings& settings);
  PicturePlan (*plan)(PictureSize picture, const PictureSettings& settings);
  /// Writes plan.patches() patches.
  void (*prepare)(const Image& picture, const PicturePlan& plan, const PictureSettings& settings, PatchWriter& out);
};

std::span<const PictureFamily* const> picture_families();

constexpr std::array clip_mean{0.48145466, 0.4578275, 0.40821073};
constexpr std::array clip_deviation{0.26862954, 0.26130258, 0.27577711};
constexpr int most_patch = 256, most_merge = 64, most_frames = 8, most_square = 4096;

/// An integer in [least, most]; throws ModelFileError naming the file and the key.
int integer_within(const JsonFields& fields, const char* key, int fallback, int least, int most);
int integer_within(const Metadata& keys, std::string_view key, int64_t fallback, int least, int most);
/// The side of a square given as {"height": n, "width": n}, {"shortest_edge": n}, {"longest_edge": n} or n.
int square_side(const JsonFields& fields, const char* key, int fallback);

}  // namespace deskhand
