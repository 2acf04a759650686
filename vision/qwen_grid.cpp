#include "vision/qwen_grid.h"

#include <fmt/format.h>

#include <cmath>

namespace deskhand {

QwenGrid::Place QwenGrid::place(int64_t patch) const {
  const int64_t block = patch / (merge * merge), inside = patch % (merge * merge), blocks = width / merge;
  return {.row = block / blocks * merge + inside / merge, .column = block % blocks * merge + inside % merge};
}

QwenRotation::QwenRotation(const QwenGrid& grid, int64_t head_dim) {
  constexpr double theta = 10000.0;
  const int64_t pairs = head_dim / 2, each = pairs / 2;
  for (int64_t i = 0; i < pairs; ++i) {
    const double exponent = -2.0 * static_cast<double>(i % each) / static_cast<double>(pairs);
    frequencies_.push_back(static_cast<float>(std::pow(theta, exponent)));
    axis_.push_back(i < each ? 0 : 1);
  }
  positions_.reserve(static_cast<size_t>(2 * grid.patches()));
  for (int64_t i = 0; i < grid.patches(); ++i) {
    const QwenGrid::Place place = grid.place(i);
    positions_.push_back(static_cast<int32_t>(place.row));
    positions_.push_back(static_cast<int32_t>(place.column));
  }
}

ImageLayout qwen_layout(const Preprocessor& preprocessor, int width, int height) {
  const PicturePlan plan = preprocessor.plan({.width = width, .height = height});
  const int merge = preprocessor.settings().merge;
  return {.pieces = {{.rows = plan.tokens, .height = plan.rows / merge, .width = plan.columns / merge}},
          .rows = plan.tokens,
          .frame_width = plan.resized.width,
          .frame_height = plan.resized.height};
}

Preprocessor one_frame(const Preprocessor& preprocessor) {
  PictureSettings settings = preprocessor.settings();
  settings.frames = 1;
  return {preprocessor.family(), settings, "a picture"};
}

PatchShape qwen_patches(const PictureSettings& settings, int64_t width, bool has_bias) {
  return {.width = width, .patch = settings.patch, .frames = 2, .has_bias = has_bias};
}

void write_qwen_eye_keys(const JsonFields& config, KeyWriter& writer) {
  const auto eyes = config.object("vision_config");
  // Qwen2-VL calls the tower's width embed_dim, and hidden_size what the language model has.
  const auto embed = eyes->integer_if("embed_dim");
  writer.set("embedding_length", embed ? *embed : eyes->integer("hidden_size"));
  writer.set("block_count", eyes->integer("depth"));
  writer.set("attention.head_count", eyes->integer("num_heads"));
  writer.set("attention.layer_norm_epsilon", 1e-6);
}

std::vector<int64_t> flags_of_list(const JsonFields& eyes, const char* key) {
  constexpr int64_t most_layers = 4096;
  const int64_t layers = eyes.integer("depth");
  if (layers < 1 || layers > most_layers) eyes.fail(fmt::format("'depth' must lie in 1…{}", most_layers));
  std::vector<int64_t> flags(static_cast<size_t>(layers));
  const nlohmann::json* list = eyes.find(key);
  if (list == nullptr) return flags;
  for (const auto& index : *list) {
    if (!list->is_array() || !index.is_number_unsigned() || index.get<uint64_t>() >= flags.size()) {
      eyes.fail(fmt::format("'{}' must be a list of numbers of layers", key));
    }
    flags[index.get<size_t>()] = 1;
  }
  return flags;
}

}  // namespace deskhand
