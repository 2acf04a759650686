// Gemma 3: a square picture, a SigLIP tower, the mean of blocks of patches, a norm and a product.

#include <fmt/format.h>

#include "core/config_keys.h"
#include "vision/encoder.h"
#include "vision/tile_tower.h"

namespace deskhand {
namespace {

class Gemma3Encoder final : public ImageEncoder {
 public:
  explicit Gemma3Encoder(const EncoderContext& context);
  std::string_view placeholder() const override { return "<start_of_image>"; }
  ImageLayout layout(int width, int height) const override;
  ImageFeatures encode(const Image& image, std::stop_token stop) override;
  RowSees rows_see() const override { return RowSees::picture; }
  int64_t rows_together() const override { return rows(); }

 private:
  int64_t rows() const { return side_ / together_ * (side_ / together_); }

  Backend& backend_;
  Weights weights_;
  Preprocessor preprocessor_;
  TowerShape shape_;
  int64_t side_, together_;  // patches of the picture's side; of a block's
  TileTower tower_;
  std::vector<float> norm_;
  std::unique_ptr<Weight> projection_;
  int64_t out_width_;
  std::vector<int32_t> block_of_;  // of each patch
  std::vector<float> share_;       // of each patch in the mean of its block
};

ImageLayout Gemma3Encoder::layout(int width, int height) const {
  const PicturePlan plan = preprocessor_.plan({.width = width, .height = height});
  return {.pieces = {{.text = "\n\n<start_of_image>"}, {.rows = rows()}, {.text = "<end_of_image>\n\n"}},
          .rows = rows(),
          .frame_width = plan.resized.width,
          .frame_height = plan.resized.height};
}

ImageFeatures Gemma3Encoder::encode(const Image& image, std::stop_token stop) {
  const View h = tower_(preprocessor_.prepare(image), stop);
  if (h.rows == 0) return {};
  const auto room = backend_.allocate(static_cast<size_t>(rows() * shape_.width) * sizeof(float));
  const View pooled(room->data(), DType::f32, rows(), shape_.width);
  backend_.scatter_add(pooled, h, block_of_, share_);
  backend_.rms_norm(pooled, pooled, norm_, shape_.eps);
  const std::shared_ptr<Buffer> memory = backend_.allocate(static_cast<size_t>(rows() * out_width_) * sizeof(float));
  const View out(memory->data(), DType::f32, rows(), out_width_);
  multiply(backend_, out, pooled, {.weight = projection_.get()});
  return {.rows = out, .memory = memory};
}

/// The product is stored [inputs, outputs].
std::unique_ptr<Weight> take_turned(Weights& weights, Backend& backend, int64_t inputs, int64_t outputs) {
  const std::string name = "mm.input_projection.weight";
  const std::span<const float> stored = weights.numbers(name, inputs * outputs);
  const auto turned = std::make_shared<std::vector<float>>(stored.size());
  for (int64_t in = 0; in < inputs; ++in) {
    for (int64_t out = 0; out < outputs; ++out) {
      (*turned)[static_cast<size_t>(out * inputs + in)] = stored[static_cast<size_t>(in * outputs + out)];
    }
  }
  return backend.pack({turned->data(), DType::f32, outputs, inputs}, turned);
}

Gemma3Encoder::Gemma3Encoder(const EncoderContext& context)
    : backend_(context.backend),
      weights_(context.file, context.backend),
      preprocessor_(context.preprocessor),
      shape_(tower_shape(context.file->metadata(), weights_)),
      side_(preprocessor_.settings().tile / preprocessor_.settings().patch),
      together_(preprocessor_.settings().merge),
      tower_(weights_, backend_, {.tower = shape_, .patch = preprocessor_.settings().patch, .patches = side_ * side_}),
      projection_(take_turned(weights_, backend_, shape_.width, context.text_width)),
      out_width_(context.text_width) {
  const std::span<const float> norm = weights_.numbers("mm.soft_emb_norm.weight", shape_.width);
  norm_.assign(norm.begin(), norm.end());
  // A checkpoint stores w where the norm multiplies by 1 + w.
  if (ConfigKeys(context.file->metadata(), "clip.vision").boolean("norms_lack_one", false)) {
    for (float& value : norm_) value += 1.0f;
  }
  const int64_t blocks = side_ / together_;
  for (int64_t y = 0; y < side_; ++y) {
    for (int64_t x = 0; x < side_; ++x) {
      block_of_.push_back(static_cast<int32_t>(y / together_ * blocks + x / together_));
    }
  }
  share_.assign(block_of_.size(), 1.0f / static_cast<float>(together_ * together_));
  weights_.expect_all_taken();
}

std::unique_ptr<ImageEncoder> load(const EncoderContext& context) {
  return std::make_unique<Gemma3Encoder>(context);
}

void write_keys(const JsonFields& config, KeyWriter& writer) {
  write_tile_tower_keys(config, writer);
  writer.set("norms_lack_one", true);
}

constexpr std::string_view defaults = R"({
  "hidden_act": "gelu_pytorch_tanh", "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
  "layer_norm_eps": 1e-6
})";

constexpr std::string_view text_families[] = {"gemma3"};
constexpr std::string_view model_types[] = {"gemma3"};
constexpr std::string_view prefixes[] = {
    "model.vision_tower.vision_model.", "vision_tower.vision_model.", "model.vision_tower.", "vision_tower.",
    "model.multi_modal_projector.",     "multi_modal_projector."};

constexpr TensorAlias projector[] = {{"mm_input_projection_weight", "mm.input_projection.weight"},
                                     {"mm_soft_emb_norm.weight", "mm.soft_emb_norm.weight"}};
constexpr auto tensors = joined(tile_tower_tensors, projector);

}  // namespace

extern const Encoder encoder_gemma3;
const Encoder encoder_gemma3{.projector = "gemma3",
                             .load = load,
                             .hugging_face = {.model_types = model_types,
                                              .prefixes = prefixes,
                                              .tensors = tensors,
                                              .defaults = defaults,
                                              .write_keys = write_keys},
                             .families = text_families};

}  // namespace deskhand
