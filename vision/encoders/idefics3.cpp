// SmolVLM, SmolVLM2 and Idefics 3: tiles and the whole picture, each seen by a SigLIP tower; blocks of s × s patches
// become one row of the language model.

#include <fmt/format.h>

#include "core/config_keys.h"
#include "vision/encoder.h"
#include "vision/tile_tower.h"

namespace deskhand {
namespace {

class Idefics3Encoder final : public ImageEncoder {
 public:
  explicit Idefics3Encoder(const EncoderContext& context);
  std::string_view placeholder() const override { return "<image>"; }
  ImageLayout layout(int width, int height) const override;
  ImageFeatures encode(const Image& image, std::stop_token stop) override;

 private:
  Backend& backend_;
  Weights weights_;
  Preprocessor preprocessor_;
  TowerShape shape_;
  int64_t side_, together_;  // patches of a tile's side; of a block's
  TileTower tower_;
  TowerLinear projection_;
  int64_t out_width_;
  GrowingMatrix blocks_;
};

ImageLayout Idefics3Encoder::layout(int width, int height) const {
  const PicturePlan plan = preprocessor_.plan({.width = width, .height = height});
  const int64_t rows = side_ / together_ * (side_ / together_);
  constexpr std::string_view around = "<fake_token_around_image>";
  ImageLayout out{.rows = rows * plan.tiles, .frame_width = plan.resized.width, .frame_height = plan.resized.height};
  std::string text;
  const auto add_tile = [&](const std::string& name) {
    out.pieces.push_back({.text = fmt::format("{}{}{}", text, around, name)});
    out.pieces.push_back({.rows = rows});
    text.clear();
  };
  for (int row = 1; row <= plan.tile_rows; ++row) {
    for (int column = 1; column <= plan.tile_columns; ++column) add_tile(fmt::format("<row_{}_col_{}>", row, column));
    text.push_back('\n');
  }
  if (plan.tile_rows > 0) text.push_back('\n');
  add_tile("<global-img>");
  out.pieces.push_back({.text = std::string(around)});
  return out;
}

ImageFeatures Idefics3Encoder::encode(const Image& image, std::stop_token stop) {
  const EyeInput input = preprocessor_.prepare(image);
  const View h = tower_(input, stop);
  if (h.rows == 0) return {};
  // The patches of a block side by side: a row of all their values.
  const int64_t s = together_, blocks = side_ / s;
  std::vector<int32_t> order;
  order.reserve(static_cast<size_t>(h.rows));
  for (int64_t tile = 0; tile < input.plan.tiles; ++tile) {
    for (int64_t block = 0; block < blocks * blocks; ++block) {
      for (int64_t inside = 0; inside < s * s; ++inside) {
        const int64_t y = block / blocks * s + inside / s, x = block % blocks * s + inside % s;
        order.push_back(static_cast<int32_t>((tile * side_ + y) * side_ + x));
      }
    }
  }
  const View moved = blocks_.resized(backend_, static_cast<int64_t>(order.size()), shape_.width);
  backend_.gather_rows(moved, h, order);
  const int64_t rows = moved.rows / (s * s);
  const std::shared_ptr<Buffer> memory = backend_.allocate(static_cast<size_t>(rows * out_width_) * sizeof(float));
  const View out(memory->data(), DType::f32, rows, out_width_);
  multiply(backend_, out, {moved.data, DType::f32, rows, shape_.width * s * s}, projection_);
  return {.rows = out, .memory = memory};
}

Idefics3Encoder::Idefics3Encoder(const EncoderContext& context)
    : backend_(context.backend),
      weights_(context.file, context.backend),
      preprocessor_(context.preprocessor),
      shape_(tower_shape(context.file->metadata(), weights_)),
      side_(preprocessor_.settings().tile / preprocessor_.settings().patch),
      together_(preprocessor_.settings().merge),
      tower_(weights_, backend_, {.tower = shape_, .patch = preprocessor_.settings().patch, .patches = side_ * side_}),
      projection_(
          take_projection(weights_, "mm.model.fc", context.text_width, shape_.width * together_ * together_, false)),
      out_width_(context.text_width) {
  weights_.expect_all_taken();
}

std::unique_ptr<ImageEncoder> load(const EncoderContext& context) {
  return std::make_unique<Idefics3Encoder>(context);
}

constexpr std::string_view defaults = R"({
  "hidden_act": "gelu_pytorch_tanh", "hidden_size": 1152, "num_hidden_layers": 12, "num_attention_heads": 16,
  "layer_norm_eps": 1e-6
})";

constexpr std::string_view text_families[] = {"llama"};
constexpr std::string_view model_types[] = {"idefics3", "smolvlm"};
constexpr std::string_view prefixes[] = {"model.vision_model.", "model.connector."};

constexpr TensorAlias connector[] = {{"modality_projection.proj.weight", "mm.model.fc.weight"}};
constexpr auto tensors = joined(tile_tower_tensors, connector);

}  // namespace

extern const Encoder encoder_idefics3;
const Encoder encoder_idefics3{.projector = "idefics3",
                               .load = load,
                               .hugging_face = {.model_types = model_types,
                                                .prefixes = prefixes,
                                                .tensors = tensors,
                                                .defaults = defaults,
                                                .write_keys = write_tile_tower_keys},
                               .families = text_families};

}  // namespace deskhand
