#pragma once
// The first layer of a vision encoder: patches of pixels to rows of its width, a convolution whose stride is its
// kernel.
//
//   PatchEmbedding embed(weights, backend, {.width = 768, .patch = 16, .frames = 2, .has_bias = true});
//   embed(h, patches);                       // patches: [rows, 3 · 16 · 16], channel by channel
//
// Encoders of films see a still picture `frames` times: then the weights of all frames are added up.

#include <memory>
#include <vector>

#include "vision/tower.h"

namespace deskhand {

struct PatchShape {
  int64_t width = 0;
  int64_t patch = 0;  ///< side, in pixels
  int64_t frames = 1;
  bool has_bias = false;

  int64_t pixels() const { return 3 * patch * patch; }
};

class PatchEmbedding {
 public:
  /// Takes v.patch_embd.{weight, weight.1, bias}.
  PatchEmbedding(Weights& weights, Backend& backend, const PatchShape& shape);
  void operator()(View h, ConstView patches) const;

 private:
  Backend& backend_;
  std::unique_ptr<Weight> weight_;
  TowerLinear linear_;
};

}  // namespace deskhand
