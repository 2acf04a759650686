#include "vision/patch_embedding.h"

namespace deskhand {
namespace {

/// [width, pixels], the frames added up. A file holds one frame after the other, or [width, 3, frames, patch, patch].
std::vector<float> still_weights(Weights& weights, const PatchShape& shape) {
  const std::string name = "v.patch_embd.weight", next = name + ".1";
  const int64_t size = shape.width * shape.pixels();
  if (shape.frames == 1 || weights.has(next)) {
    const std::span<const float> first = weights.numbers(name, size);
    std::vector<float> out(first.begin(), first.end());
    if (shape.frames == 1) return out;
    const std::span<const float> second = weights.numbers(next, size);
    for (size_t i = 0; i < out.size(); ++i) out[i] += second[i];
    return out;
  }
  const std::span<const float> all = weights.numbers(name, size * shape.frames);
  const auto area = static_cast<size_t>(shape.patch * shape.patch), frames = static_cast<size_t>(shape.frames);
  std::vector<float> out(static_cast<size_t>(size));
  for (size_t i = 0; i < out.size(); ++i) {
    const float* from = all.data() + i / area * area * frames + i % area;
    for (size_t frame = 0; frame < frames; ++frame) out[i] += from[frame * area];
  }
  return out;
}

}  // namespace

PatchEmbedding::PatchEmbedding(Weights& weights, Backend& backend, const PatchShape& shape) : backend_(backend) {
  const auto numbers = std::make_shared<std::vector<float>>(still_weights(weights, shape));
  weight_ = backend.pack({numbers->data(), DType::f32, shape.width, shape.pixels()}, numbers);
  linear_.weight = weight_.get();
  if (shape.has_bias) linear_.bias = weights.numbers("v.patch_embd.bias", shape.width).data();
}

void PatchEmbedding::operator()(View h, ConstView patches) const {
  multiply(backend_, h, patches, linear_);
}

}  // namespace deskhand
