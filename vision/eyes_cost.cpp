// What the eyes of a model cost, from their file alone. The dimensions: n patches, D width.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "core/config_keys.h"
#include "core/model_summary.h"
#include "vision/encoder.h"
#include "vision/eyes_file.h"
#include "vision/qwen2_encoder.h"

namespace deskhand {
namespace {

/// The number in "v.blk.N.…"; −1 for other tensors.
int64_t layer_of(std::string_view name) {
  constexpr std::string_view prefix = "v.blk.";
  int64_t layer = -1;
  if (name.starts_with(prefix)) (void)std::from_chars(name.data() + prefix.size(), name.data() + name.size(), layer);
  return layer;
}

int64_t layers_of(const EyesFile& eyes) {
  constexpr int64_t most = 4096;
  return ConfigKeys(eyes.file->metadata(), "clip.vision").count("block_count", most);
}

int64_t width_of(const EyesFile& eyes) {
  constexpr int64_t most = 1 << 20;
  return ConfigKeys(eyes.file->metadata(), "clip.vision").count("embedding_length", most);
}

bool is_loaded(const TensorInfo& tensor, int64_t layers) {
  return tensor.data != nullptr && layer_of(tensor.name) < layers;
}

/// Keys that a patch sees in each layer, summed over layers.
double keys_seen(const EyesFile& eyes, const PicturePlan& plan) {
  const int64_t layers = layers_of(eyes);
  const double tile = static_cast<double>(plan.rows) * plan.columns;
  const ConfigKeys keys(eyes.file->metadata(), "clip.vision");
  if (!keys.has("sees_all") && !keys.has("n_wa_pattern")) return static_cast<double>(layers) * tile;
  const QwenWindowing windowing = qwen_windowing(keys, eyes.preprocessor.settings(), layers);
  const auto whole = static_cast<double>(std::count(windowing.sees_all.begin(), windowing.sees_all.end(), 1));
  const double side = static_cast<double>(windowing.side) * eyes.preprocessor.settings().merge;
  return whole * tile + (static_cast<double>(layers) - whole) * std::min(tile, side * side);
}

double flops_of(const EyesFile& eyes, const PicturePlan& plan) {
  const int64_t layers = layers_of(eyes);
  const auto patches = static_cast<double>(plan.patches()), tokens = static_cast<double>(plan.tokens);
  double sum = 4 * patches * keys_seen(eyes, plan) * static_cast<double>(width_of(eyes));  // q·Kᵀ and p·V
  for (const TensorInfo& tensor : eyes.file->tensors()) {
    if (tensor.dimensions < 2 || !is_loaded(tensor, layers)) continue;
    const auto numbers = static_cast<double>(tensor.view().rows) * static_cast<double>(tensor.view().cols);
    const bool is_patches = tensor.name == "v.patch_embd.weight";
    const auto pixels =
        static_cast<double>(eyes.preprocessor.settings().patch) * eyes.preprocessor.settings().patch * 3;
    if (is_patches) {
      sum += 2 * patches * pixels * static_cast<double>(width_of(eyes));
    } else if (layer_of(tensor.name) >= 0) {
      sum += 2 * patches * numbers;
    } else if (tensor.name.starts_with("mm.") || tensor.name.starts_with("v.deepstack")) {
      sum += 2 * tokens * numbers;
    }
  }
  return sum;
}

/// Rows of the language model that are made: those that replace tokens, and those added in its first layers.
double output_values(const EyesFile& eyes, const PicturePlan& plan) {
  int64_t widest = 0, deep = 0;
  for (const TensorInfo& tensor : eyes.file->tensors()) {
    if (tensor.dimensions < 2) continue;
    if (tensor.name.starts_with("mm.")) widest = std::max({widest, tensor.view().rows, tensor.view().cols});
    if (tensor.name.starts_with("v.deepstack") && tensor.name.ends_with("fc2.weight")) ++deep;
  }
  return static_cast<double>(plan.tokens) * static_cast<double>(widest) * static_cast<double>(2 + deep);
}

/// Pixels, their patches as numbers, and what the tower works with: at most nine matrices [n, D] at once (the rows,
/// their norm, queries, keys, values, what attention gives, and three of an encoder's own), parts of the network's
/// inner rows.
double peak_of(const EyesFile& eyes, const PicturePlan& plan) {
  constexpr double matrices = 9, rows_at_once = 512, inner_matrices = 3, number = sizeof(float), channels = 3;
  const double patch = eyes.preprocessor.settings().patch, area = patch * patch * channels;
  const auto n = static_cast<double>(plan.patches()), width = static_cast<double>(width_of(eyes));
  int64_t inner = 0;
  for (const TensorInfo& tensor : eyes.file->tensors()) {
    if (layer_of(tensor.name) >= 0 && tensor.dimensions >= 2) inner = std::max(inner, tensor.view().rows);
  }
  const double pixels = static_cast<double>(plan.resized.width) * plan.resized.height * channels;
  return n * area * number + 2 * pixels +
         number * (matrices * n * width + inner_matrices * rows_at_once * static_cast<double>(inner)) +
         number * output_values(eyes, plan);
}

}  // namespace

EyesSummary eyes_summary(const EyesFile& eyes) {
  const bool is_directory_only = eyes.encoder->projector.empty();
  EyesSummary out{
      .path = eyes.file->path(),
      .encoder = std::string(is_directory_only ? eyes.encoder->hugging_face.model_types[0] : eyes.encoder->projector),
      .types = describe_types(*eyes.file),
      .layers = layers_of(eyes),
      .width = width_of(eyes)};
  size_t quantised = 0;
  for (const TensorInfo& tensor : eyes.file->tensors()) {
    out.parameters += tensor.view().rows * tensor.view().cols;
    if (!is_loaded(tensor, out.layers)) continue;
    out.weight_bytes += tensor.bytes;
    if (dtype_info(tensor.type).block_elements > 1) quantised += tensor.bytes;
  }
  out.quantised = quantised > out.weight_bytes / 2;
  return out;
}

PictureCost picture_cost(const EyesFile& eyes, PictureSize picture) {
  const PicturePlan plan = eyes.preprocessor.plan(picture);
  return {.picture = picture,
          .frame = plan.resized,
          .patches = plan.patches(),
          .tokens = plan.tokens,
          .peak_bytes = static_cast<size_t>(peak_of(eyes, plan)),
          .flops = flops_of(eyes, plan)};
}

PictureCost largest_picture_cost(const EyesFile& eyes) {
  PictureCost most;
  // Squares and strips, small to large: rules bound the area, the longest side or the number of tiles.
  for (int side = 256; side <= ImageLimits{}.max_side; side *= 2) {
    for (const int height : {side, side * 9 / 16, side / 2, side / 4}) {
      try {
        const PictureCost cost = picture_cost(eyes, {.width = side, .height = height});
        if (cost.peak_bytes > most.peak_bytes) most = cost;
      } catch (const ImageError&) {
        // Beyond the rules.
      }
    }
  }
  return most;
}

}  // namespace deskhand
