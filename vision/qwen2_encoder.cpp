#include "vision/qwen2_encoder.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/config_keys.h"

namespace deskhand {
namespace {

TowerShape shape_of(const EncoderContext& context, const Weights& weights, bool is_newer) {
  TowerShape shape = tower_shape(context.file->metadata(), weights);
  shape.activation = is_newer ? Activation::silu : Activation::gelu_quick;
  shape.gated = shape.rms_norms = is_newer;
  return shape;
}

/// 1 for layers that see the whole picture.
std::vector<int64_t> layers_that_see_all(const ConfigKeys& keys, int64_t layers) {
  std::vector<int64_t> flags = keys.per_layer("sees_all", layers, 0, 1);
  if (!flags.empty()) return flags;
  const int64_t pattern = keys.count("n_wa_pattern", layers);
  for (int64_t i = 0; i < layers; ++i) flags.push_back((i + 1) % pattern == 0 ? 1 : 0);
  return flags;
}

/// The rows of blocks in another order.
std::vector<int32_t> rows_of(std::span<const int32_t> blocks, int64_t together) {
  std::vector<int32_t> rows;
  rows.reserve(blocks.size() * static_cast<size_t>(together));
  for (const int32_t block : blocks) {
    for (int64_t i = 0; i < together; ++i) rows.push_back(static_cast<int32_t>(block * together + i));
  }
  return rows;
}

std::vector<int32_t> inverse(std::span<const int32_t> order) {
  std::vector<int32_t> out(order.size());
  for (size_t i = 0; i < order.size(); ++i) out[static_cast<size_t>(order[i])] = static_cast<int32_t>(i);
  return out;
}

}  // namespace

QwenWindows::QwenWindows(int64_t height, int64_t width, int64_t side) {
  order.reserve(static_cast<size_t>(height * width));
  for (int64_t top = 0; top < height; top += side) {
    for (int64_t left = 0; left < width; left += side) {
      for (int64_t y = top; y < std::min(top + side, height); ++y) {
        for (int64_t x = left; x < std::min(left + side, width); ++x) {
          order.push_back(static_cast<int32_t>(y * width + x));
        }
      }
      ends.push_back(static_cast<int64_t>(order.size()));
    }
  }
}

QwenWindowing qwen_windowing(const ConfigKeys& keys, const PictureSettings& settings, int64_t layers) {
  constexpr int64_t most_side = 1 << 16, usual_side = 112;
  const int64_t block = int64_t{settings.patch} * settings.merge,
                side = keys.count("window_size", most_side, usual_side);
  if (side < block) keys.fail("window_size", fmt::format("must be at least {}", block));
  return {.side = side / block, .sees_all = layers_that_see_all(keys, layers)};
}

Qwen2Encoder::Qwen2Encoder(const EncoderContext& context, Variant variant)
    : backend_(context.backend),
      weights_(context.file, context.backend),
      preprocessor_(one_frame(context.preprocessor)),
      shape_(shape_of(context, weights_, variant.has_windows)),
      out_width_(context.text_width),
      merged_(int64_t{preprocessor_.settings().merge} * preprocessor_.settings().merge),
      patches_(weights_, backend_, qwen_patches(preprocessor_.settings(), shape_.width, false)),
      tower_(weights_, backend_, shape_),
      norm_(take_norm(weights_, "v.post_ln", shape_.width, !shape_.rms_norms)),
      up_(take_linear(weights_, "mm.0", shape_.width * merged_, shape_.width * merged_, true)),
      down_(take_projection(weights_, "mm.2", out_width_, shape_.width * merged_, true)) {
  if (variant.has_windows) {
    const ConfigKeys keys(context.file->metadata(), "clip.vision");
    windowing_ = qwen_windowing(keys, preprocessor_.settings(), shape_.layers);
  }
  weights_.expect_all_taken();
}

ImageFeatures Qwen2Encoder::encode(const Image& image, std::stop_token stop) {
  const EyeInput input = preprocessor_.prepare(image);
  const QwenGrid grid{.height = input.plan.rows, .width = input.plan.columns, .merge = preprocessor_.settings().merge};
  const int64_t n = input.plan.patches(), rows = n / merged_, width = shape_.width * merged_;

  // h = patches·Wᵀ, window by window
  View h = h_.resized(backend_, n, shape_.width);
  patches_(h, {input.values.data(), DType::f32, n, input.width});
  const DenseSegment whole{.query_begin = 0, .query_end = n, .key_begin = 0, .key_end = n};
  std::vector<DenseSegment> windows;
  std::vector<int32_t> order;
  const QwenRotation rotation(grid, shape_.width / shape_.heads);
  std::vector<int32_t> positions(rotation.positions().begin(), rotation.positions().end());
  if (windowing_.side > 0) {
    const QwenWindows cut(grid.height / grid.merge, grid.width / grid.merge, windowing_.side);
    order = cut.order;
    const std::vector<int32_t> moved = rows_of(order, merged_);
    const View ordered = ordered_.resized(backend_, n, shape_.width);
    backend_.gather_rows(ordered, h, moved);
    h = ordered;
    for (size_t i = 0; i < moved.size(); ++i) {
      const auto from = static_cast<size_t>(moved[i]);
      for (size_t axis : {0, 1}) positions[2 * i + axis] = rotation.positions()[2 * from + axis];
    }
    int64_t begin = 0;
    for (const int64_t end : cut.ends) {
      const DenseSegment window{.query_begin = begin * merged_,
                                .query_end = end * merged_,
                                .key_begin = begin * merged_,
                                .key_end = end * merged_};
      windows.push_back(window);
      begin = end;
    }
  }

  const RopeTable rope = rotation.table();
  for (int64_t i = 0; i < shape_.layers; ++i) {
    if (stop.stop_requested()) return {};
    const bool sees_windows = windowing_.side > 0 && windowing_.sees_all[static_cast<size_t>(i)] == 0;
    const std::span<const DenseSegment> segments =
        sees_windows ? std::span<const DenseSegment>(windows) : std::span<const DenseSegment>(&whole, 1);
    tower_.block(i, h, {.segments = segments, .rope = &rope, .positions = positions});
  }

  // out = gelu(norm(h) by blocks · Wᵀ)·Wᵀ, in the order of the picture
  const std::shared_ptr<Buffer> memory = backend_.allocate(static_cast<size_t>(rows * out_width_) * sizeof(float));
  const View out(memory->data(), DType::f32, rows, out_width_), inner = inner_.resized(backend_, rows, width);
  norm_(backend_, h, h, shape_.eps);
  multiply(backend_, inner, {h.data, DType::f32, rows, width}, up_);
  backend_.activate(inner, Activation::gelu_erf);
  if (order.empty()) {
    multiply(backend_, out, inner, down_);
  } else {
    const View merged = ordered_.resized(backend_, rows, out_width_);
    multiply(backend_, merged, inner, down_);
    backend_.gather_rows(out, merged, inverse(order));
  }
  return {.rows = out, .memory = memory};
}

}  // namespace deskhand
