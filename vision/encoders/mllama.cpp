// Llama 3.2 Vision: tiles of a picture that see each other, in a tower whose later blocks are weighed; a row holds what
// the last block gives and what went into some of the earlier ones. Source: transformers 5.23, models/mllama, but for
// the states that are kept: those that go into a block, as the published weights were trained.
//
// Rows lie so that those of tiles which show something come first, then those of empty tiles, then a few that fill
// every tile up: what only fills up sees only what shows something.

#include <cmath>

#include "core/config_keys.h"
#include "vision/encoder.h"
#include "vision/patch_embedding.h"

namespace deskhand {
namespace {

constexpr float outer_eps = 1e-5f;  // of the norms outside the blocks
constexpr int64_t row_unit = 8;     // rows of a tile are filled up to a multiple

int64_t padding(int64_t tile_rows) {
  return (row_unit - tile_rows % row_unit) % row_unit;
}

/// How tiles may lie, in the order of their ids, which begin at 1: {rows, columns}.
std::vector<std::array<int64_t, 2>> canvases(int64_t most_tiles) {
  std::vector<std::array<int64_t, 2>> all;
  for (int64_t rows = 1; rows <= most_tiles; ++rows) {
    for (int64_t columns = 1; rows * columns <= most_tiles; ++columns) all.push_back({rows, columns});
  }
  return all;
}

void add_to_each(View rows, const float* values) {
  for (int64_t r = 0; r < rows.rows; ++r) {
    for (int64_t i = 0; i < rows.cols; ++i) rows.row(r)[i] += values[i];
  }
}

/// A table with a row for each canvas, weighed by tanh of its gate.
struct CanvasTable {
  const Weight* table = nullptr;
  float share = 0;

  /// The row of a canvas, as rows of some width.
  View operator()(Backend& backend, GrowingMatrix& room, int64_t canvas, int64_t width) const {
    const View whole = room.resized(backend, 1, table->cols());
    const auto id = static_cast<int32_t>(canvas);
    backend.embed(whole, *table, {&id, 1}, share);
    return {whole.data, DType::f32, table->cols() / width, width};
  }
};

class MllamaEncoder final : public ImageEncoder {
 public:
  explicit MllamaEncoder(const EncoderContext& context);
  std::string_view placeholder() const override { return "<|image|>"; }
  ImageLayout layout(int width, int height) const override;
  ImageFeatures encode(const Image& image, std::stop_token stop) override;

 private:
  int64_t rows() const { return tiles_ * tile_rows_; }
  void embed(View h, const EyeInput& input, int64_t canvas);
  void add_tile_positions(View h, int64_t canvas);
  void keep(View out, ConstView h, int64_t index) const;
  CanvasTable take_table(const std::string& name, int64_t cols);

  Backend& backend_;
  Weights weights_;
  Preprocessor preprocessor_;
  TowerShape shape_, global_shape_;
  int64_t tiles_, tile_rows_;
  PatchEmbedding patches_;
  Tower tower_, global_;
  TowerNorm first_norm_, last_norm_;
  std::span<const float> class_token_;  // [width]
  std::vector<float> positions_;        // [tile_rows, width], weighed
  CanvasTable before_, between_, behind_;
  std::vector<int64_t> kept_;  // per block, whether what goes into it is kept
  int64_t parts_;              // of a row
  TowerLinear projection_;
  int64_t out_width_;
  GrowingMatrix h_, table_, parts_room_;
};

ImageLayout MllamaEncoder::layout(int width, int height) const {
  const PicturePlan plan = preprocessor_.plan({.width = width, .height = height});
  return {.pieces = {{.rows = 1, .shown_tiles = int64_t{plan.tile_rows} * plan.tile_columns}},
          .rows = 1,
          .frame_width = plan.resized.width,
          .frame_height = plan.resized.height};
}

/// The rows of all tiles: a class row and the patches, with what says where they lie.
void MllamaEncoder::embed(View h, const EyeInput& input, int64_t canvas) {
  const int64_t patches = tile_rows_ - 1;
  const ConstView all(input.values.data(), DType::f32, input.plan.patches(), input.width);
  const View tile_values = before_(backend_, table_, canvas, shape_.width);  // [tiles, width]
  for (int64_t tile = 0; tile < tiles_; ++tile) {
    const View part = h.slice(tile * tile_rows_, tile_rows_);
    std::copy_n(class_token_.data(), shape_.width, part.row(0));
    patches_(part.slice(1, patches), all.slice(tile * patches, patches));
    add_to_each(part.slice(1, patches), tile_values.row(tile));
    backend_.add(part, {positions_.data(), DType::f32, tile_rows_, shape_.width});
  }
  backend_.add(h, between_(backend_, table_, canvas, shape_.width));  // [tiles · tile_rows, width]
}

/// Each tile's values to its rows and to those that fill it up.
void MllamaEncoder::add_tile_positions(View h, int64_t canvas) {
  const int64_t fill = padding(tile_rows_);
  const View tile_values = behind_(backend_, table_, canvas, shape_.width);  // [tiles, width]
  for (int64_t tile = 0; tile < tiles_; ++tile) {
    add_to_each(h.slice(tile * tile_rows_, tile_rows_), tile_values.row(tile));
    add_to_each(h.slice(rows() + tile * fill, fill), tile_values.row(tile));
  }
}

/// Value i of kept state k stands at width + i · kept + k.
void MllamaEncoder::keep(View out, ConstView h, int64_t index) const {
  for (int64_t r = 0; r < out.rows; ++r) {
    float* to = out.row(r) + shape_.width + index;
    for (int64_t i = 0; i < shape_.width; ++i) to[i * (parts_ - 1)] = h.row(r)[i];
  }
}

ImageFeatures MllamaEncoder::encode(const Image& image, std::stop_token stop) {
  const EyeInput input = preprocessor_.prepare(image);
  const std::array<int64_t, 2> shape{input.plan.tile_rows, input.plan.tile_columns};
  const auto known = canvases(tiles_);
  const int64_t canvas = std::find(known.begin(), known.end(), shape) - known.begin() + 1;
  const int64_t width = shape_.width, n = rows() + tiles_ * padding(tile_rows_),
                shown = shape[0] * shape[1] * tile_rows_;
  const View h = h_.resized(backend_, n, width), real = h.slice(0, rows());
  const View out = parts_room_.resized(backend_, rows(), parts_ * width);
  embed(real, input, canvas);
  first_norm_(backend_, real, real, outer_eps);
  std::fill_n(h.row(rows()), (n - rows()) * width, 0.0f);

  // All see what shows something; that sees all.
  const DenseSegment segments[] = {{.query_begin = 0, .query_end = shown, .key_begin = 0, .key_end = n},
                                   {.query_begin = shown, .query_end = n, .key_begin = 0, .key_end = shown}};
  int64_t index = 0;
  for (int64_t i = 0; i < shape_.layers; ++i) {
    if (stop.stop_requested()) return {};
    if (kept_[static_cast<size_t>(i)] != 0) keep(out, real, index++);
    tower_.block(i, h, {.segments = segments});
  }
  last_norm_(backend_, h, h, outer_eps);
  add_tile_positions(h, canvas);
  for (int64_t i = 0; i < global_shape_.layers; ++i) {
    if (stop.stop_requested()) return {};
    global_.block(i, h, {.segments = segments});
  }
  for (int64_t r = 0; r < rows(); ++r) std::copy_n(h.row(r), width, out.row(r));
  const std::shared_ptr<Buffer> memory = backend_.allocate(static_cast<size_t>(rows() * out_width_) * sizeof(float));
  const View features(memory->data(), DType::f32, rows(), out_width_);
  multiply(backend_, features, out, projection_);
  return {.rows = features, .memory = memory};
}

TowerShape local_shape(const EncoderContext& context, const Weights& weights) {
  TowerShape shape = tower_shape(context.file->metadata(), weights);
  shape.activation = Activation::gelu_erf;
  shape.has_biases = false;
  return shape;
}

TowerShape global_shape(const EncoderContext& context, TowerShape shape) {
  constexpr int64_t most_layers = 4096;
  shape.layers = ConfigKeys(context.file->metadata(), "clip.vision").count("global.block_count", most_layers);
  shape.weighed = true;
  shape.blocks = "v.global";
  return shape;
}

int64_t tile_rows(const PictureSettings& settings) {
  const int64_t side = settings.tile / settings.patch;
  return side * side + 1;
}

CanvasTable MllamaEncoder::take_table(const std::string& name, int64_t cols) {
  const auto rows = static_cast<int64_t>(canvases(tiles_).size()) + 1;  // 0: no picture
  return {.table = &weights_.matrix(name + ".weight", {.rows = rows, .cols = cols}),
          .share = std::tanh(weights_.numbers(name + ".gate", 1)[0])};
}

MllamaEncoder::MllamaEncoder(const EncoderContext& context)
    : backend_(context.backend),
      weights_(context.file, context.backend),
      preprocessor_(context.preprocessor),
      shape_(local_shape(context, weights_)),
      global_shape_(global_shape(context, shape_)),
      tiles_(preprocessor_.settings().most_tiles),
      tile_rows_(tile_rows(preprocessor_.settings())),
      patches_(weights_, backend_, {.width = shape_.width, .patch = preprocessor_.settings().patch}),
      tower_(weights_, backend_, shape_),
      global_(weights_, backend_, global_shape_),
      first_norm_(take_norm(weights_, "v.pre_ln", shape_.width, true)),
      last_norm_(take_norm(weights_, "v.post_ln", shape_.width, true)),
      class_token_(weights_.numbers("v.class_embd", shape_.width)),
      before_(take_table("v.pre_tile_embd", tiles_ * shape_.width)),
      between_(take_table("v.tile_position_embd", tiles_ * tile_rows_ * shape_.width)),
      behind_(take_table("v.post_tile_embd", tiles_ * shape_.width)),
      out_width_(context.text_width) {
  const ConfigKeys keys(context.file->metadata(), "clip.vision");
  kept_ = keys.per_layer("kept_blocks", shape_.layers, 0, 1);
  parts_ = 1 + std::count(kept_.begin(), kept_.end(), 1);
  projection_ = take_projection(weights_, "mm.0", out_width_, parts_ * shape_.width, true);
  const std::span<const float> positions = weights_.numbers("v.position_embd.weight", tile_rows_ * shape_.width);
  for (const float value : positions) positions_.push_back((1.0f - between_.share) * value);
  if (padding(tile_rows_) == 0) {
    keys.fail("image_size", fmt::format("makes {} rows of a tile: what transformers computes without rows that fill a "
                                        "tile up makes no sense",
                                        tile_rows_));
  }
  weights_.expect_all_taken();
}

std::unique_ptr<ImageEncoder> load(const EncoderContext& context) {
  return std::make_unique<MllamaEncoder>(context);
}

/// 1 for a block whose input is kept.
std::vector<int64_t> kept_blocks(const JsonFields& eyes, int64_t layers) {
  constexpr const char* key = "intermediate_layers_indices";
  const nlohmann::json* list = eyes.find(key);
  if (list == nullptr || !list->is_array()) eyes.fail(fmt::format("'{}' must be a list of layers", key));
  std::vector<int64_t> flags(static_cast<size_t>(layers), 0);
  int64_t last = -1;
  for (const auto& entry : *list) {
    const int64_t layer = entry.is_number_integer() ? entry.get<int64_t>() : -1;
    if (layer <= last || layer >= layers) {
      eyes.fail(fmt::format("'{}' must hold ascending numbers in 0…{}", key, layers - 1));
    }
    flags[static_cast<size_t>(layer)] = 1;
    last = layer;
  }
  return flags;
}

void write_keys(const JsonFields& config, KeyWriter& writer) {
  constexpr int64_t most_layers = 4096, most_tiles = 16;
  const auto eyes = config.object("vision_config");
  const int64_t layers = eyes->integer("num_hidden_layers"), tiles = eyes->integer("max_num_tiles");
  if (layers < 1 || layers > most_layers) eyes->fail(fmt::format("'num_hidden_layers' must lie in 1…{}", most_layers));
  if (tiles < 1 || tiles > most_tiles) eyes->fail(fmt::format("'max_num_tiles' must lie in 1…{}", most_tiles));
  writer.set("embedding_length", eyes->integer("hidden_size"));
  writer.set("block_count", layers);
  writer.set("global.block_count", eyes->integer("num_global_layers"));
  writer.set("attention.head_count", eyes->integer("attention_heads"));
  writer.set("attention.layer_norm_epsilon", eyes->number("norm_eps"));
  writer.set_integers("kept_blocks", kept_blocks(*eyes, layers));
  const nlohmann::json* ratios = eyes->find("supported_aspect_ratios");
  if (ratios != nullptr && *ratios != nlohmann::json(canvases(tiles))) {
    eyes->fail(fmt::format("'supported_aspect_ratios' must be all that {} tiles allow, in order", tiles));
  }
}

constexpr std::string_view defaults = R"({
  "hidden_act": "gelu", "hidden_size": 1280, "num_hidden_layers": 32, "num_global_layers": 8, "attention_heads": 16,
  "norm_eps": 1e-5, "max_num_tiles": 4, "intermediate_layers_indices": [3, 7, 15, 23, 30]
})";

constexpr std::string_view model_types[] = {"mllama"};
constexpr std::string_view prefixes[] = {"model.vision_model.", "vision_model.", "model.multi_modal_projector.",
                                         "multi_modal_projector."};

constexpr TensorAlias tensors[] = {
    {"patch_embedding.weight", "v.patch_embd.weight"},
    {"class_embedding", "v.class_embd"},
    {"gated_positional_embedding.gate", "v.tile_position_embd.gate"},
    {"gated_positional_embedding.embedding", "v.position_embd.weight"},
    {"gated_positional_embedding.tile_embedding.weight", "v.tile_position_embd.weight"},
    {"pre_tile_positional_embedding.gate", "v.pre_tile_embd.gate"},
    {"pre_tile_positional_embedding.embedding.weight", "v.pre_tile_embd.weight"},
    {"post_tile_positional_embedding.gate", "v.post_tile_embd.gate"},
    {"post_tile_positional_embedding.embedding.weight", "v.post_tile_embd.weight"},
    {"layernorm_pre.weight", "v.pre_ln.weight"},
    {"layernorm_pre.bias", "v.pre_ln.bias"},
    {"layernorm_post.weight", "v.post_ln.weight"},
    {"layernorm_post.bias", "v.post_ln.bias"},
    {"transformer.layers.*.input_layernorm.weight", "v.blk.*.ln1.weight"},
    {"transformer.layers.*.input_layernorm.bias", "v.blk.*.ln1.bias"},
    {"transformer.layers.*.post_attention_layernorm.weight", "v.blk.*.ln2.weight"},
    {"transformer.layers.*.post_attention_layernorm.bias", "v.blk.*.ln2.bias"},
    {"transformer.layers.*.self_attn.q_proj.weight", "v.blk.*.attn_q.weight"},
    {"transformer.layers.*.self_attn.k_proj.weight", "v.blk.*.attn_k.weight"},
    {"transformer.layers.*.self_attn.v_proj.weight", "v.blk.*.attn_v.weight"},
    {"transformer.layers.*.self_attn.o_proj.weight", "v.blk.*.attn_out.weight"},
    {"transformer.layers.*.mlp.fc1.weight", "v.blk.*.ffn_up.weight"},
    {"transformer.layers.*.mlp.fc1.bias", "v.blk.*.ffn_up.bias"},
    {"transformer.layers.*.mlp.fc2.weight", "v.blk.*.ffn_down.weight"},
    {"transformer.layers.*.mlp.fc2.bias", "v.blk.*.ffn_down.bias"},
    {"global_transformer.layers.*.gate_attn", "v.global.*.attn_share"},
    {"global_transformer.layers.*.gate_ffn", "v.global.*.ffn_share"},
    {"global_transformer.layers.*.input_layernorm.weight", "v.global.*.ln1.weight"},
    {"global_transformer.layers.*.input_layernorm.bias", "v.global.*.ln1.bias"},
    {"global_transformer.layers.*.post_attention_layernorm.weight", "v.global.*.ln2.weight"},
    {"global_transformer.layers.*.post_attention_layernorm.bias", "v.global.*.ln2.bias"},
    {"global_transformer.layers.*.self_attn.q_proj.weight", "v.global.*.attn_q.weight"},
    {"global_transformer.layers.*.self_attn.k_proj.weight", "v.global.*.attn_k.weight"},
    {"global_transformer.layers.*.self_attn.v_proj.weight", "v.global.*.attn_v.weight"},
    {"global_transformer.layers.*.self_attn.o_proj.weight", "v.global.*.attn_out.weight"},
    {"global_transformer.layers.*.mlp.fc1.weight", "v.global.*.ffn_up.weight"},
    {"global_transformer.layers.*.mlp.fc1.bias", "v.global.*.ffn_up.bias"},
    {"global_transformer.layers.*.mlp.fc2.weight", "v.global.*.ffn_down.weight"},
    {"global_transformer.layers.*.mlp.fc2.bias", "v.global.*.ffn_down.bias"},
    {"weight", "mm.0.weight"},
    {"bias", "mm.0.bias"}};

}  // namespace

constexpr std::string_view text_families[] = {"mllama"};

extern const Encoder encoder_mllama;
const Encoder encoder_mllama{.projector = {},
                             .load = load,
                             .hugging_face = {.model_types = model_types,
                                              .prefixes = prefixes,
                                              .tensors = tensors,
                                              .defaults = defaults,
                                              .write_keys = write_keys},
                             .families = text_families};

}  // namespace deskhand
