// The eyes of Qwen3-VL, Qwen3.5 and Qwen3.6: patches of 16 pixels in blocks of 2 × 2, learned positions that are
// stretched over the picture, rotation by row and column, and a merger of each block to one row of the language model.
// Qwen3-VL also merges what some blocks of the tower gave, for its first layers ("DeepStack"). The dimensions: n
// patches, D width.

#include <fmt/format.h>

#include <cmath>

#include "core/config_keys.h"
#include "vision/qwen_grid.h"

namespace deskhand {
namespace {

/// Of the learned positions, which lie in a square.
int64_t positions_side(const Weights& weights) {
  constexpr std::string_view name = "v.position_embd.weight";
  const int64_t rows = weights.rows_of(name);
  const auto side = static_cast<int64_t>(std::lround(std::sqrt(static_cast<double>(rows))));
  if (side * side != rows) weights.fail(name, fmt::format("must hold a square of positions, not {}", rows));
  return side;
}

class Qwen3VlEncoder final : public ImageEncoder {
 public:
  explicit Qwen3VlEncoder(const EncoderContext& context);
  std::string_view placeholder() const override { return "<|image_pad|>"; }
  ImageLayout layout(int width, int height) const override { return qwen_layout(preprocessor_, width, height); }
  ImageFeatures encode(const Image& image, std::stop_token stop) override;

 private:
  /// fc2(gelu(fc1(norm(rows)))) of blocks of patches that lie side by side.
  struct Merger {
    TowerNorm norm;
    TowerLinear up, down;
    bool norms_blocks = false;  ///< the norm is of a whole block of patches, else of each
  };
  struct Deep {
    int64_t layer = 0;  ///< of the tower, whose output is merged
    Merger merger;
  };

  Merger take_merger(const std::string& norm, const std::string& up, const std::string& down, bool norms_blocks);
  void add_positions(View h, const QwenGrid& grid);
  void merge(const Merger& merger, View out, ConstView h);

  Backend& backend_;
  Weights weights_;
  Preprocessor preprocessor_;
  TowerShape shape_;
  int64_t out_width_, merged_, side_;  // merged_: patches of a block
  PatchEmbedding patches_;
  std::span<const float> positions_;  // [side · side, D]
  Tower tower_;
  Merger merger_;
  std::vector<Deep> deep_;
  GrowingMatrix h_, place_, block_, inner_;
};

ImageFeatures Qwen3VlEncoder::encode(const Image& image, std::stop_token stop) {
  const EyeInput input = preprocessor_.prepare(image);
  const QwenGrid grid{.height = input.plan.rows, .width = input.plan.columns, .merge = preprocessor_.settings().merge};
  const int64_t n = input.plan.patches(), rows = n / merged_;
  const auto memory = std::make_shared<std::vector<std::unique_ptr<Buffer>>>();
  const auto rows_of_text = [&] {
    memory->push_back(backend_.allocate(static_cast<size_t>(rows * out_width_) * sizeof(float)));
    return View(memory->back()->data(), DType::f32, rows, out_width_);
  };

  // h = patches·Wᵀ + b + positions
  const View h = h_.resized(backend_, n, shape_.width);
  patches_(h, {input.values.data(), DType::f32, n, input.width});
  add_positions(h, grid);

  const QwenRotation rotation(grid, shape_.width / shape_.heads);
  const RopeTable rope = rotation.table();
  const DenseSegment whole{.query_begin = 0, .query_end = n, .key_begin = 0, .key_end = n};
  ImageFeatures out{.memory = memory};
  for (int64_t i = 0; i < shape_.layers; ++i) {
    if (stop.stop_requested()) return {};
    tower_.block(i, h, {.segments = {&whole, 1}, .rope = &rope, .positions = rotation.positions()});
    for (const Deep& deep : deep_) {
      if (deep.layer != i) continue;
      const View addend = rows_of_text();
      merge(deep.merger, addend, h);
      out.addends.push_back(addend);
    }
  }
  const View merged = rows_of_text();
  merge(merger_, merged, h);
  out.rows = merged;
  return out;
}

/// Adds the learned positions, [side, side] stretched over the picture so that corners fall on corners.
void Qwen3VlEncoder::add_positions(View h, const QwenGrid& grid) {
  const View place = place_.resized(backend_, h.rows, shape_.width);
  struct Between {
    int64_t low, high;
    float part;
  };
  const auto between = [this](int64_t index, int64_t count) {
    const float at = static_cast<float>(index * (side_ - 1)) / static_cast<float>(std::max<int64_t>(count - 1, 1));
    const auto low = static_cast<int64_t>(at);
    return Between{low, std::min(low + 1, side_ - 1), at - static_cast<float>(low)};
  };
  for (int64_t i = 0; i < h.rows; ++i) {
    const QwenGrid::Place patch = grid.place(i);
    const Between r = between(patch.row, grid.height), c = between(patch.column, grid.width);
    const auto row = [&](int64_t y, int64_t x) { return positions_.data() + (y * side_ + x) * shape_.width; };
    const float *a = row(r.low, c.low), *b = row(r.low, c.high), *p = row(r.high, c.low), *q = row(r.high, c.high);
    const float wa = (1 - r.part) * (1 - c.part), wb = (1 - r.part) * c.part, wp = r.part * (1 - c.part),
                wq = r.part * c.part;
    float* to = place.row(i);
    for (int64_t k = 0; k < shape_.width; ++k) to[k] = wa * a[k] + wb * b[k] + wp * p[k] + wq * q[k];
  }
  backend_.add(h, place);
}

void Qwen3VlEncoder::merge(const Merger& merger, View out, ConstView h) {
  const int64_t rows = h.rows / merged_, width = shape_.width * merged_;
  const View normed = block_.resized(backend_, h.rows, shape_.width), inner = inner_.resized(backend_, rows, width);
  const View blocks(normed.data, DType::f32, rows, width);
  if (merger.norms_blocks) {
    merger.norm(backend_, blocks, {h.data, DType::f32, rows, width}, shape_.eps);
  } else {
    merger.norm(backend_, normed, h, shape_.eps);
  }
  multiply(backend_, inner, blocks, merger.up);
  backend_.activate(inner, Activation::gelu_erf);
  multiply(backend_, out, inner, merger.down);
}

Qwen3VlEncoder::Merger Qwen3VlEncoder::take_merger(const std::string& norm, const std::string& up,
                                                   const std::string& down, bool norms_blocks) {
  const int64_t width = shape_.width * merged_;
  return {.norm = take_norm(weights_, norm, norms_blocks ? width : shape_.width, true),
          .up = take_linear(weights_, up, width, width, true),
          .down = take_projection(weights_, down, out_width_, width, true),
          .norms_blocks = norms_blocks};
}

Qwen3VlEncoder::Qwen3VlEncoder(const EncoderContext& context)
    : backend_(context.backend),
      weights_(context.file, context.backend),
      preprocessor_(one_frame(context.preprocessor)),
      shape_(tower_shape(context.file->metadata(), weights_)),
      out_width_(context.text_width),
      merged_(int64_t{preprocessor_.settings().merge} * preprocessor_.settings().merge),
      side_(positions_side(weights_)),
      patches_(weights_, backend_, qwen_patches(preprocessor_.settings(), shape_.width, true)),
      positions_(weights_.numbers("v.position_embd.weight", side_ * side_ * shape_.width)),
      tower_(weights_, backend_, shape_),
      merger_(take_merger("v.post_ln", "mm.0", "mm.2", false)) {
  const ConfigKeys keys(context.file->metadata(), "clip.vision");
  const std::vector<int64_t> is_deep = keys.per_layer("is_deepstack_layers", shape_.layers, 0, 1);
  for (int64_t i = 0; i < static_cast<int64_t>(is_deep.size()); ++i) {
    if (is_deep[static_cast<size_t>(i)] == 0) continue;
    // Files of llama.cpp number these by the tower's layer, checkpoints from 0 on.
    const std::string numbered = fmt::format("v.deepstack.{}", i);
    const std::string name =
        weights_.has(numbered + ".norm.weight") ? numbered : fmt::format("v.deepstack_list.{}", deep_.size());
    deep_.push_back({.layer = i, .merger = take_merger(name + ".norm", name + ".fc1", name + ".fc2", true)});
  }
  weights_.expect_all_taken();
}

std::unique_ptr<ImageEncoder> load(const EncoderContext& context) {
  return std::make_unique<Qwen3VlEncoder>(context);
}

void write_keys(const JsonFields& config, KeyWriter& writer) {
  write_qwen_eye_keys(config, writer);
  writer.set_integers("is_deepstack_layers",
                      flags_of_list(*config.object("vision_config"), "deepstack_visual_indexes"));
}

// Without deepstack_visual_indexes: Qwen3.5 has none, and mergers that nothing asks for are an error.
constexpr std::string_view defaults = R"({
  "hidden_act": "gelu_pytorch_tanh", "depth": 27, "hidden_size": 1152, "num_heads": 16
})";

constexpr std::string_view text_families[] = {"qwen3vl", "qwen35", "qwen35moe"};
constexpr std::string_view model_types[] = {"qwen3_5", "qwen3_5_moe", "qwen3_vl"};

constexpr TensorAlias tensors[] = {{"patch_embed.proj.weight", "v.patch_embd.weight"},
                                   {"patch_embed.proj.bias", "v.patch_embd.bias"},
                                   {"pos_embed.weight", "v.position_embd.weight"},
                                   {"blocks.*.norm1.weight", "v.blk.*.ln1.weight"},
                                   {"blocks.*.norm1.bias", "v.blk.*.ln1.bias"},
                                   {"blocks.*.norm2.weight", "v.blk.*.ln2.weight"},
                                   {"blocks.*.norm2.bias", "v.blk.*.ln2.bias"},
                                   {"blocks.*.attn.qkv.weight", "v.blk.*.attn_qkv.weight"},
                                   {"blocks.*.attn.qkv.bias", "v.blk.*.attn_qkv.bias"},
                                   {"blocks.*.attn.proj.weight", "v.blk.*.attn_out.weight"},
                                   {"blocks.*.attn.proj.bias", "v.blk.*.attn_out.bias"},
                                   {"blocks.*.mlp.linear_fc1.weight", "v.blk.*.ffn_up.weight"},
                                   {"blocks.*.mlp.linear_fc1.bias", "v.blk.*.ffn_up.bias"},
                                   {"blocks.*.mlp.linear_fc2.weight", "v.blk.*.ffn_down.weight"},
                                   {"blocks.*.mlp.linear_fc2.bias", "v.blk.*.ffn_down.bias"},
                                   {"merger.norm.weight", "v.post_ln.weight"},
                                   {"merger.norm.bias", "v.post_ln.bias"},
                                   {"merger.linear_fc1.weight", "mm.0.weight"},
                                   {"merger.linear_fc1.bias", "mm.0.bias"},
                                   {"merger.linear_fc2.weight", "mm.2.weight"},
                                   {"merger.linear_fc2.bias", "mm.2.bias"},
                                   {"deepstack_merger_list.*.norm.weight", "v.deepstack_list.*.norm.weight"},
                                   {"deepstack_merger_list.*.norm.bias", "v.deepstack_list.*.norm.bias"},
                                   {"deepstack_merger_list.*.linear_fc1.weight", "v.deepstack_list.*.fc1.weight"},
                                   {"deepstack_merger_list.*.linear_fc1.bias", "v.deepstack_list.*.fc1.bias"},
                                   {"deepstack_merger_list.*.linear_fc2.weight", "v.deepstack_list.*.fc2.weight"},
                                   {"deepstack_merger_list.*.linear_fc2.bias", "v.deepstack_list.*.fc2.bias"}};

}  // namespace

extern const Encoder encoder_qwen3vl;
const Encoder encoder_qwen3vl{.projector = "qwen3vl_merger",
                              .load = load,
                              .hugging_face = {.model_types = model_types,
                                               .prefixes = qwen_eye_prefixes,
                                               .tensors = tensors,
                                               .defaults = defaults,
                                               .write_keys = write_keys},
                              .families = text_families};

}  // namespace deskhand
