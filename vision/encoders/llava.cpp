// LLaVA 1.5: a CLIP tower without its last layer, and two products between whose rows and patches there is one to one.

#include "core/config_keys.h"
#include "vision/encoder.h"
#include "vision/tile_tower.h"

namespace deskhand {
namespace {

class LlavaEncoder final : public ImageEncoder {
 public:
  explicit LlavaEncoder(const EncoderContext& context);
  std::string_view placeholder() const override { return "<image>"; }
  ImageLayout layout(int width, int height) const override;
  ImageFeatures encode(const Image& image, std::stop_token stop) override;

 private:
  Backend& backend_;
  Weights weights_;
  Preprocessor preprocessor_;
  TowerShape shape_;
  int64_t side_;  // of the picture, in patches
  TileTower tower_;
  int64_t out_width_;
  TowerLinear up_, down_;
  GrowingMatrix inner_;
};

ImageLayout LlavaEncoder::layout(int width, int height) const {
  const PicturePlan plan = preprocessor_.plan({.width = width, .height = height});
  return {.pieces = {{.rows = side_ * side_}},
          .rows = side_ * side_,
          .frame_width = plan.resized.width,
          .frame_height = plan.resized.height};
}

ImageFeatures LlavaEncoder::encode(const Image& image, std::stop_token stop) {
  const View h = tower_(preprocessor_.prepare(image), stop);
  if (h.rows == 0) return {};
  const View inner = inner_.resized(backend_, h.rows, out_width_);
  multiply(backend_, inner, h, up_);
  backend_.activate(inner, Activation::gelu_erf);
  const std::shared_ptr<Buffer> memory = backend_.allocate(static_cast<size_t>(h.rows * out_width_) * sizeof(float));
  const View out(memory->data(), DType::f32, h.rows, out_width_);
  multiply(backend_, out, inner, down_);
  return {.rows = out, .memory = memory};
}

TowerShape clip_shape(const EncoderContext& context, const Weights& weights) {
  TowerShape shape = tower_shape(context.file->metadata(), weights);
  shape.activation = Activation::gelu_quick;
  return shape;
}

LlavaEncoder::LlavaEncoder(const EncoderContext& context)
    : backend_(context.backend),
      weights_(context.file, context.backend),
      preprocessor_(context.preprocessor),
      shape_(clip_shape(context, weights_)),
      side_(preprocessor_.settings().tile / preprocessor_.settings().patch),
      tower_(weights_, backend_,
             {.tower = shape_,
              .patch = preprocessor_.settings().patch,
              .patches = side_ * side_,
              .is_clip = true,
              .has_last_norm = false}),
      out_width_(context.text_width),
      up_(take_linear(weights_, "mm.0", out_width_, shape_.width, true)),
      down_(take_projection(weights_, "mm.2", out_width_, out_width_, true)) {
  // The layers behind the one whose output is taken, and their norm, lie in the file too.
  weights_.ignore("v.post_ln.");
  const ConfigKeys keys(context.file->metadata(), "clip.vision");
  constexpr int64_t most_layers = 4096;
  const int64_t stored = keys.count("stored_blocks", most_layers, shape_.layers);
  for (int64_t i = shape_.layers; i < stored; ++i) weights_.ignore("v.blk." + std::to_string(i) + ".");
  weights_.expect_all_taken();
}

std::unique_ptr<ImageEncoder> load(const EncoderContext& context) {
  return std::make_unique<LlavaEncoder>(context);
}

void write_keys(const JsonFields& config, KeyWriter& writer) {
  write_tile_tower_keys(config, writer);
  const int64_t layers = config.object("vision_config")->integer("num_hidden_layers");
  const int64_t taken = config.integer_if("vision_feature_layer").value_or(-2);
  // −1 is what the last layer gives, −2 what the one before it gives.
  if (taken >= 0 || taken < -layers) config.fail("'vision_feature_layer' must be a negative number of a layer");
  writer.set("block_count", layers + 1 + taken);
  writer.set("stored_blocks", layers);
  const std::string kept = config.text_of({"vision_feature_select_strategy"}, "default");
  if (kept != "default") config.fail("'vision_feature_select_strategy' must be 'default'");
  if (config.text_of({"projector_hidden_act"}, "gelu") != "gelu") config.fail("'projector_hidden_act' must be 'gelu'");
}

constexpr std::string_view defaults = R"({
  "hidden_act": "quick_gelu", "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
  "layer_norm_eps": 1e-5
})";

constexpr std::string_view text_families[] = {"llama", "qwen2"};
constexpr std::string_view model_types[] = {"llava"};
constexpr std::string_view prefixes[] = {
    "model.vision_tower.vision_model.", "vision_tower.vision_model.", "model.vision_tower.", "vision_tower.",
    "model.multi_modal_projector.",     "multi_modal_projector."};

constexpr TensorAlias projector[] = {{"linear_1.weight", "mm.0.weight"},
                                     {"linear_1.bias", "mm.0.bias"},
                                     {"linear_2.weight", "mm.2.weight"},
                                     {"linear_2.bias", "mm.2.bias"}};
constexpr auto tensors = joined(tile_tower_tensors, projector);

}  // namespace

extern const Encoder encoder_llava;
const Encoder encoder_llava{.projector = "mlp",
                            .load = load,
                            .hugging_face = {.model_types = model_types,
                                             .prefixes = prefixes,
                                             .tensors = tensors,
                                             .defaults = defaults,
                                             .write_keys = write_keys},
                            .families = text_families};

}  // namespace deskhand
