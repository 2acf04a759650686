// Gemma 4: patches of 16 pixels on any grid within a budget, learned positions by column and row, blocks with norms on
// both sides, rotation by column and row, the mean of 3 × 3 patches, and a product. The dimensions: n patches, D width,
// H heads of d values.

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <numeric>

#include "core/config_keys.h"
#include "vision/encoder.h"
#include "vision/tower.h"

namespace deskhand {
namespace {

/// A product whose inputs and outputs are clipped where the file says so.
struct Clipped {
  const Weight* weight = nullptr;
  std::span<const float> input_low, input_high, output_low, output_high;  // [1] or none
};

class Gemma4Encoder final : public ImageEncoder {
 public:
  explicit Gemma4Encoder(const EncoderContext& context);
  std::string_view placeholder() const override { return "<|image|>"; }
  ImageLayout layout(int width, int height) const override;
  ImageFeatures encode(const Image& image, std::stop_token stop) override;
  RowSees rows_see() const override { return sees_; }
  int64_t rows_together() const override { return sees_ == RowSees::past ? 0 : preprocessor_.settings().most_tokens; }

 private:
  struct Block {
    std::span<const float> attention_norm, post_attention_norm, network_norm, post_network_norm;  // [D]
    std::span<const float> q_norm, k_norm;                                                        // [d]
    Clipped q, k, v, out, gate, up, down;
  };

  Clipped take(const std::string& name, int64_t outputs, int64_t inputs);
  void multiply_clipped(View y, ConstView x, const Clipped& product);
  void embed(View h, EyeInput& input);
  void turn(View x, const PicturePlan& plan);
  void attend(const Block& block, View h, const PicturePlan& plan);
  void transform(const Block& block, View h);
  ImageFeatures project(View h, const PicturePlan& plan);

  int64_t head_dim() const { return shape_.width / shape_.heads; }

  Backend& backend_;
  Weights weights_;
  Preprocessor preprocessor_;
  TowerShape shape_;
  int64_t out_width_, places_;  // places_: rows of each table of positions
  std::unique_ptr<Weight> patches_;
  std::span<const float> columns_, rows_;  // [places, D]
  std::vector<Block> blocks_;
  std::span<const float> shift_, stretch_;  // [D] or none
  TowerLinear projection_;
  RowSees sees_;
  std::vector<float> ones_;
  GrowingMatrix h_, x_, y_, q_, k_, v_, a_, gate_, up_, clipped_;
};

ImageLayout Gemma4Encoder::layout(int width, int height) const {
  const PicturePlan plan = preprocessor_.plan({.width = width, .height = height});
  return {.pieces = {{.text = "<|image>"}, {.rows = plan.tokens}, {.text = "<image|>"}},
          .rows = plan.tokens,
          .frame_width = plan.resized.width,
          .frame_height = plan.resized.height};
}

ImageFeatures Gemma4Encoder::encode(const Image& image, std::stop_token stop) {
  EyeInput input = preprocessor_.prepare(image);
  const View h = h_.resized(backend_, input.plan.patches(), shape_.width);
  embed(h, input);
  for (const Block& block : blocks_) {
    if (stop.stop_requested()) return {};
    attend(block, h, input.plan);
    transform(block, h);
  }
  return project(h, input.plan);
}

/// h = (2p − 1)·Wᵀ + columns + rows
void Gemma4Encoder::embed(View h, EyeInput& input) {
  for (float& value : input.values) value = 2.0f * (value - 0.5f);
  multiply(backend_, h, {input.values.data(), DType::f32, h.rows, input.width}, {.weight = patches_.get()});
  const PicturePlan& plan = input.plan;
  if (std::max(plan.rows, plan.columns) > places_) {
    throw ImageError(fmt::format("a picture of {} × {} patches is beyond the {} places that the model knows", plan.rows,
                                 plan.columns, places_));
  }
  for (int64_t i = 0; i < h.rows; ++i) {
    const float* column = columns_.data() + i % plan.columns * shape_.width;
    const float* row = rows_.data() + i / plan.columns * shape_.width;
    float* to = h.row(i);
    for (int64_t k = 0; k < shape_.width; ++k) to[k] += column[k] + row[k];
  }
}

/// The first half of each head turns by the column, the second by the row.
void Gemma4Encoder::turn(View x, const PicturePlan& plan) {
  constexpr double theta = 100.0;
  const int64_t half = head_dim() / 2, heads = shape_.heads;
  std::vector<float> frequencies;
  for (int64_t i = 0; i < half / 2; ++i) {
    frequencies.push_back(
        static_cast<float>(std::pow(theta, -2.0 * static_cast<double>(i) / static_cast<double>(half))));
  }
  const RopeTable table{.inv_freq = frequencies};
  std::vector<int32_t> positions(static_cast<size_t>(x.rows * heads));
  for (const int64_t part : {0, 1}) {
    for (int64_t i = 0; i < x.rows; ++i) {
      const int64_t place = part == 0 ? i % plan.columns : i / plan.columns;
      std::fill_n(positions.begin() + i * heads, heads, static_cast<int32_t>(place));
    }
    const View halves(x.data + static_cast<size_t>(part * half) * sizeof(float), DType::f32, x.rows * heads, half,
                      static_cast<size_t>(2 * half) * sizeof(float));
    backend_.rope(halves, half, table, positions);
  }
}

void Gemma4Encoder::multiply_clipped(View y, ConstView x, const Clipped& product) {
  ConstView from = x;
  if (!product.input_low.empty()) {
    const View copy = clipped_.resized(backend_, x.rows, x.cols);
    std::vector<int32_t> all(static_cast<size_t>(x.rows));
    std::iota(all.begin(), all.end(), 0);
    backend_.gather_rows(copy, x, all);
    backend_.clamp(copy, product.input_low[0], product.input_high[0]);
    from = copy;
  }
  multiply(backend_, y, from, {.weight = product.weight});
  if (!product.output_low.empty()) backend_.clamp(y, product.output_low[0], product.output_high[0]);
}

/// h += rms(softmax(q·Kᵀ)·V·Woᵀ) of x = rms(h)
void Gemma4Encoder::attend(const Block& block, View h, const PicturePlan& plan) {
  const int64_t n = h.rows, width = shape_.width, d = head_dim();
  const View x = x_.resized(backend_, n, width), y = y_.resized(backend_, n, width), q = q_.resized(backend_, n, width),
             k = k_.resized(backend_, n, width), v = v_.resized(backend_, n, width), a = a_.resized(backend_, n, width);
  backend_.rms_norm(x, h, block.attention_norm, shape_.eps);
  multiply_clipped(q, x, block.q);
  multiply_clipped(k, x, block.k);
  multiply_clipped(v, x, block.v);
  backend_.rms_norm(q, q, block.q_norm, shape_.eps);
  backend_.rms_norm(k, k, block.k_norm, shape_.eps);
  backend_.rms_norm(v, v, std::span(ones_).first(static_cast<size_t>(d)), shape_.eps);
  turn(q, plan);
  turn(k, plan);
  const DenseSegment whole{.query_begin = 0, .query_end = n, .key_begin = 0, .key_end = n};
  backend_.attention_dense(a, q, k, v, {.heads = shape_.heads, .kv_heads = shape_.heads, .head_dim = d, .scale = 1.0f},
                           {&whole, 1});
  multiply_clipped(y, a, block.out);
  backend_.rms_norm(y, y, block.post_attention_norm, shape_.eps);
  backend_.add(h, y);
}

/// h += rms((gelu(x·Wgateᵀ) ⊙ x·Wupᵀ)·Wdownᵀ) of x = rms(h)
void Gemma4Encoder::transform(const Block& block, View h) {
  constexpr int64_t rows_at_once = 512;
  for (int64_t first = 0; first < h.rows; first += rows_at_once) {
    const View part = h.slice(first, std::min(rows_at_once, h.rows - first));
    const View x = x_.resized(backend_, part.rows, shape_.width), y = y_.resized(backend_, part.rows, shape_.width),
               gate = gate_.resized(backend_, part.rows, shape_.inner),
               up = up_.resized(backend_, part.rows, shape_.inner);
    backend_.rms_norm(x, part, block.network_norm, shape_.eps);
    multiply_clipped(gate, x, block.gate);
    multiply_clipped(up, x, block.up);
    backend_.glu(gate, gate, up, Activation::gelu_tanh);
    multiply_clipped(y, gate, block.down);
    backend_.rms_norm(y, y, block.post_network_norm, shape_.eps);
    backend_.add(part, y);
  }
}

/// Rows of the language model: (mean of 3 × 3 patches · √D − shift) · stretch, normed, times a product.
ImageFeatures Gemma4Encoder::project(View h, const PicturePlan& plan) {
  const int64_t together = preprocessor_.settings().merge, across = plan.columns / together, count = plan.tokens,
                width = shape_.width;
  const auto room = backend_.allocate(static_cast<size_t>(count * width) * sizeof(float));
  const View pooled(room->data(), DType::f32, count, width);
  std::vector<int32_t> cell;
  for (int64_t i = 0; i < h.rows; ++i) {
    cell.push_back(static_cast<int32_t>(i / plan.columns / together * across + i % plan.columns / together));
  }
  const float share = std::sqrt(static_cast<float>(width)) / static_cast<float>(together * together);
  backend_.scatter_add(pooled, h, cell, std::vector<float>(cell.size(), share));
  if (!shift_.empty()) {
    for (int64_t i = 0; i < count; ++i) {
      float* row = pooled.row(i);
      for (int64_t k = 0; k < width; ++k)
        row[k] = (row[k] - shift_[static_cast<size_t>(k)]) * stretch_[static_cast<size_t>(k)];
    }
  }
  backend_.rms_norm(pooled, pooled, ones_, shape_.eps);
  const std::shared_ptr<Buffer> memory = backend_.allocate(static_cast<size_t>(count * out_width_) * sizeof(float));
  const View out(memory->data(), DType::f32, count, out_width_);
  multiply(backend_, out, pooled, projection_);
  return {.rows = out, .memory = memory};
}

/// [width, patch · patch · 3], the channels of a pixel side by side. Converted files hold one channel after the other.
std::unique_ptr<Weight> take_patches(Weights& weights, Backend& backend, int64_t width, int64_t patch) {
  const std::string name = "v.patch_embd.weight";
  const int64_t area = patch * patch, channels = 3, size = area * channels;
  const bool by_channel = weights.rows_of(name) != width;
  const std::span<const float> stored = weights.numbers(name, width * size);
  const auto values = std::make_shared<std::vector<float>>(stored.begin(), stored.end());
  for (int64_t i = 0; by_channel && i < width * size; ++i) {
    const int64_t row = i / size, channel = i % channels, pixel = i % size / channels;
    (*values)[static_cast<size_t>(i)] = stored[static_cast<size_t>(row * size + channel * area + pixel)];
  }
  return backend.pack({values->data(), DType::f32, width, size}, values);
}

Clipped Gemma4Encoder::take(const std::string& name, int64_t outputs, int64_t inputs) {
  Clipped out{.weight = &weights_.matrix(name + ".weight", {.rows = outputs, .cols = inputs}),
              .input_low = {},
              .input_high = {},
              .output_low = {},
              .output_high = {}};
  if (!weights_.has(name + ".input_min")) return out;
  out.input_low = weights_.numbers(name + ".input_min", 1);
  out.input_high = weights_.numbers(name + ".input_max", 1);
  out.output_low = weights_.numbers(name + ".output_min", 1);
  out.output_high = weights_.numbers(name + ".output_max", 1);
  if (!(out.input_low[0] <= out.input_high[0])) weights_.fail(name + ".input_min", "is not below the input_max");
  if (!(out.output_low[0] <= out.output_high[0])) weights_.fail(name + ".output_min", "is not below the output_max");
  return out;
}

/// Of the file's key, else of the models that are known to have a width.
RowSees rows_see_of(const Metadata& metadata, int64_t text_width) {
  const ConfigKeys keys(metadata, "clip.vision");
  constexpr std::string_view key = "rows_see_picture";
  constexpr std::array<int64_t, 2> causal_widths = {1536, 2560};
  const bool causal = std::find(causal_widths.begin(), causal_widths.end(), text_width) != causal_widths.end();
  return keys.boolean(key, !causal) ? RowSees::picture_in_windows : RowSees::past;
}

Gemma4Encoder::Gemma4Encoder(const EncoderContext& context)
    : backend_(context.backend),
      weights_(context.file, context.backend),
      preprocessor_(context.preprocessor),
      shape_(tower_shape(context.file->metadata(), weights_)),
      out_width_(context.text_width),
      sees_(rows_see_of(context.file->metadata(), context.text_width)),
      ones_(static_cast<size_t>(shape_.width), 1.0f) {
  const int64_t width = shape_.width, inner = shape_.inner, d = head_dim();
  if (d % 4 != 0) weights_.fail("v.blk.0.attn_q.weight", "has heads that are no multiple of 4 values");
  patches_ = take_patches(weights_, backend_, width, preprocessor_.settings().patch);
  places_ = weights_.rows_of("v.position_embd.weight") / 2;
  const auto positions = weights_.numbers("v.position_embd.weight", 2 * places_ * width);
  columns_ = positions.first(static_cast<size_t>(places_ * width));
  rows_ = positions.subspan(static_cast<size_t>(places_ * width));
  for (int64_t i = 0; i < shape_.layers; ++i) {
    const auto name = [&](std::string_view part) { return fmt::format("v.blk.{}.{}", i, part); };
    const auto norm = [&](std::string_view part, int64_t size) { return weights_.numbers(name(part), size); };
    blocks_.push_back({.attention_norm = norm("ln1.weight", width),
                       .post_attention_norm = norm("attn_post_norm.weight", width),
                       .network_norm = norm("ln2.weight", width),
                       .post_network_norm = norm("ffn_post_norm.weight", width),
                       .q_norm = norm("attn_q_norm.weight", d),
                       .k_norm = norm("attn_k_norm.weight", d),
                       .q = take(name("attn_q"), width, width),
                       .k = take(name("attn_k"), width, width),
                       .v = take(name("attn_v"), width, width),
                       .out = take(name("attn_out"), width, width),
                       .gate = take(name("ffn_gate"), inner, width),
                       .up = take(name("ffn_up"), inner, width),
                       .down = take(name("ffn_down"), width, inner)});
  }
  if (weights_.has("v.std_bias")) {
    shift_ = weights_.numbers("v.std_bias", width);
    stretch_ = weights_.numbers("v.std_scale", width);
  }
  projection_ = take_projection(weights_, "mm.input_projection", out_width_, width, false);
  weights_.expect_all_taken();
}

std::unique_ptr<ImageEncoder> load(const EncoderContext& context) {
  return std::make_unique<Gemma4Encoder>(context);
}

void write_keys(const JsonFields& config, KeyWriter& writer) {
  const auto eyes = config.object("vision_config");
  writer.set("embedding_length", eyes->integer("hidden_size"));
  writer.set("block_count", eyes->integer("num_hidden_layers"));
  writer.set("attention.head_count", eyes->integer("num_attention_heads"));
  writer.set("attention.layer_norm_epsilon", eyes->number("rms_norm_eps"));
  const auto text = config.object("text_config");
  const nlohmann::json* both_ways = text ? text->find("use_bidirectional_attention") : nullptr;
  writer.set("rows_see_picture", both_ways != nullptr && *both_ways == "vision");
}

constexpr std::string_view defaults = R"({
  "hidden_act": "gelu_pytorch_tanh", "hidden_size": 768, "num_hidden_layers": 16, "num_attention_heads": 12,
  "rms_norm_eps": 1e-6
})";

constexpr std::string_view text_families[] = {"gemma4"};
constexpr std::string_view model_types[] = {"gemma4"};
constexpr std::string_view prefixes[] = {"model.vision_tower.", "model.embed_vision."};

constexpr TensorAlias tensors[] = {
    {"patch_embedder.input_proj.weight", "v.patch_embd.weight"},
    {"patch_embedder.position_embedding_table", "v.position_embd.weight"},
    {"std_bias", "v.std_bias"},
    {"std_scale", "v.std_scale"},
    {"embedding_projection.weight", "mm.input_projection.weight"},
    {"encoder.layers.*.input_layernorm.weight", "v.blk.*.ln1.weight"},
    {"encoder.layers.*.post_attention_layernorm.weight", "v.blk.*.attn_post_norm.weight"},
    {"encoder.layers.*.pre_feedforward_layernorm.weight", "v.blk.*.ln2.weight"},
    {"encoder.layers.*.post_feedforward_layernorm.weight", "v.blk.*.ffn_post_norm.weight"},
    {"encoder.layers.*.self_attn.q_norm.weight", "v.blk.*.attn_q_norm.weight"},
    {"encoder.layers.*.self_attn.k_norm.weight", "v.blk.*.attn_k_norm.weight"},
    {"encoder.layers.*.self_attn.q_proj.linear.weight", "v.blk.*.attn_q.weight"},
    {"encoder.layers.*.self_attn.q_proj.input_min", "v.blk.*.attn_q.input_min"},
    {"encoder.layers.*.self_attn.q_proj.input_max", "v.blk.*.attn_q.input_max"},
    {"encoder.layers.*.self_attn.q_proj.output_min", "v.blk.*.attn_q.output_min"},
    {"encoder.layers.*.self_attn.q_proj.output_max", "v.blk.*.attn_q.output_max"},
    {"encoder.layers.*.self_attn.k_proj.linear.weight", "v.blk.*.attn_k.weight"},
    {"encoder.layers.*.self_attn.k_proj.input_min", "v.blk.*.attn_k.input_min"},
    {"encoder.layers.*.self_attn.k_proj.input_max", "v.blk.*.attn_k.input_max"},
    {"encoder.layers.*.self_attn.k_proj.output_min", "v.blk.*.attn_k.output_min"},
    {"encoder.layers.*.self_attn.k_proj.output_max", "v.blk.*.attn_k.output_max"},
    {"encoder.layers.*.self_attn.v_proj.linear.weight", "v.blk.*.attn_v.weight"},
    {"encoder.layers.*.self_attn.v_proj.input_min", "v.blk.*.attn_v.input_min"},
    {"encoder.layers.*.self_attn.v_proj.input_max", "v.blk.*.attn_v.input_max"},
    {"encoder.layers.*.self_attn.v_proj.output_min", "v.blk.*.attn_v.output_min"},
    {"encoder.layers.*.self_attn.v_proj.output_max", "v.blk.*.attn_v.output_max"},
    {"encoder.layers.*.self_attn.o_proj.linear.weight", "v.blk.*.attn_out.weight"},
    {"encoder.layers.*.self_attn.o_proj.input_min", "v.blk.*.attn_out.input_min"},
    {"encoder.layers.*.self_attn.o_proj.input_max", "v.blk.*.attn_out.input_max"},
    {"encoder.layers.*.self_attn.o_proj.output_min", "v.blk.*.attn_out.output_min"},
    {"encoder.layers.*.self_attn.o_proj.output_max", "v.blk.*.attn_out.output_max"},
    {"encoder.layers.*.mlp.gate_proj.linear.weight", "v.blk.*.ffn_gate.weight"},
    {"encoder.layers.*.mlp.gate_proj.input_min", "v.blk.*.ffn_gate.input_min"},
    {"encoder.layers.*.mlp.gate_proj.input_max", "v.blk.*.ffn_gate.input_max"},
    {"encoder.layers.*.mlp.gate_proj.output_min", "v.blk.*.ffn_gate.output_min"},
    {"encoder.layers.*.mlp.gate_proj.output_max", "v.blk.*.ffn_gate.output_max"},
    {"encoder.layers.*.mlp.up_proj.linear.weight", "v.blk.*.ffn_up.weight"},
    {"encoder.layers.*.mlp.up_proj.input_min", "v.blk.*.ffn_up.input_min"},
    {"encoder.layers.*.mlp.up_proj.input_max", "v.blk.*.ffn_up.input_max"},
    {"encoder.layers.*.mlp.up_proj.output_min", "v.blk.*.ffn_up.output_min"},
    {"encoder.layers.*.mlp.up_proj.output_max", "v.blk.*.ffn_up.output_max"},
    {"encoder.layers.*.mlp.down_proj.linear.weight", "v.blk.*.ffn_down.weight"},
    {"encoder.layers.*.mlp.down_proj.input_min", "v.blk.*.ffn_down.input_min"},
    {"encoder.layers.*.mlp.down_proj.input_max", "v.blk.*.ffn_down.input_max"},
    {"encoder.layers.*.mlp.down_proj.output_min", "v.blk.*.ffn_down.output_min"},
    {"encoder.layers.*.mlp.down_proj.output_max", "v.blk.*.ffn_down.output_max"}};

}  // namespace

extern const Encoder encoder_gemma4;
const Encoder encoder_gemma4{.projector = "gemma4v",
                             .load = load,
                             .hugging_face = {.model_types = model_types,
                                              .prefixes = prefixes,
                                              .tensors = tensors,
                                              .defaults = defaults,
                                              .write_keys = write_keys},
                             .families = text_families};

}  // namespace deskhand
