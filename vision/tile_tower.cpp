#include "vision/tile_tower.h"

#include <numeric>

namespace deskhand {

TileTower::TileTower(Weights& weights, Backend& backend, const TileShape& shape)
    : backend_(backend),
      shape_(shape),
      patches_(weights, backend,
               {.width = shape.tower.width, .patch = shape.patch, .frames = 1, .has_bias = !shape.is_clip}),
      positions_(weights.numbers("v.position_embd.weight", tile_rows() * shape.tower.width)),
      tower_(weights, backend, shape.tower) {
  const int64_t width = shape.tower.width;
  if (shape.is_clip) {
    class_token_ = weights.numbers("v.class_embd", width);
    first_norm_ = take_norm(weights, "v.pre_ln", width, true);
  }
  if (shape.has_last_norm) last_norm_ = take_norm(weights, "v.post_ln", width, true);
}

void TileTower::embed(View h, const EyeInput& input) {
  const int64_t width = shape_.tower.width, rows = tile_rows(), first = rows - shape_.patches;
  const ConstView all(input.values.data(), DType::f32, input.plan.patches(), input.width);
  for (int64_t tile = 0; tile < input.plan.tiles; ++tile) {
    const View part = h.slice(tile * rows, rows);
    if (first > 0) std::copy_n(class_token_.data(), width, part.row(0));
    patches_(part.slice(first, shape_.patches), all.slice(tile * shape_.patches, shape_.patches));
    backend_.add(part, {positions_.data(), DType::f32, rows, width});
  }
}

View TileTower::operator()(const EyeInput& input, const std::stop_token& stop) {
  const int64_t rows = tile_rows(), n = input.plan.tiles * rows, width = shape_.tower.width;
  const View h = h_.resized(backend_, n, width);
  embed(h, input);
  if (!first_norm_.weight.empty()) first_norm_(backend_, h, h, shape_.tower.eps);
  std::vector<DenseSegment> tiles;
  for (int64_t tile = 0; tile < input.plan.tiles; ++tile) {
    const int64_t begin = tile * rows, end = begin + rows;
    tiles.push_back({.query_begin = begin, .query_end = end, .key_begin = begin, .key_end = end});
  }
  for (int64_t i = 0; i < shape_.tower.layers; ++i) {
    if (stop.stop_requested()) return {};
    tower_.block(i, h, {.segments = tiles});
  }
  if (!last_norm_.weight.empty()) last_norm_(backend_, h, h, shape_.tower.eps);
  if (!shape_.is_clip) return h;
  std::vector<int32_t> kept;
  for (int64_t row = 0; row < n; ++row) {
    if (row % rows != 0) kept.push_back(static_cast<int32_t>(row));
  }
  const View out = out_.resized(backend_, static_cast<int64_t>(kept.size()), width);
  backend_.gather_rows(out, h, kept);
  return out;
}

void write_tile_tower_keys(const JsonFields& config, KeyWriter& writer) {
  const auto eyes = config.object("vision_config");
  writer.set("embedding_length", eyes->integer("hidden_size"));
  writer.set("block_count", eyes->integer("num_hidden_layers"));
  writer.set("attention.head_count", eyes->integer("num_attention_heads"));
  writer.set("attention.layer_norm_epsilon", eyes->number("layer_norm_eps"));
}

}  // namespace deskhand
