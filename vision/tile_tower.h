#pragma once
// Vision transformers of the CLIP and SigLIP kind: squares of a fixed size, each seen by itself.
//
//   TileTower tower(weights, backend, {.tower = shape, .patch = 14, .patches = 729});
//   View rows = tower(input, stop);                     // [tiles · 729, width]
//
// h = patches·Wᵀ + b + positions, the blocks, and a norm. CLIP has a class token before the patches and a norm before
// the blocks, and what it gives is without the class token.

#include <stop_token>

#include "vision/encoder.h"
#include "vision/patch_embedding.h"
#include "vision/preprocess/preprocessor.h"

namespace deskhand {

struct TileShape {
  TowerShape tower;
  int64_t patch = 0;    ///< side, in pixels
  int64_t patches = 0;  ///< of a tile
  bool is_clip = false;
  bool has_last_norm = true;
};

class TileTower {
 public:
  TileTower(Weights& weights, Backend& backend, const TileShape& shape);
  /// Valid until the next call; without rows when stopped.
  View operator()(const EyeInput& input, const std::stop_token& stop);

 private:
  int64_t tile_rows() const { return shape_.patches + (shape_.is_clip ? 1 : 0); }
  void embed(View h, const EyeInput& input);

  Backend& backend_;
  TileShape shape_;
  PatchEmbedding patches_;
  std::span<const float> positions_;    // [tile_rows, width]
  std::span<const float> class_token_;  // [width]
  Tower tower_;
  TowerNorm first_norm_, last_norm_;
  GrowingMatrix h_, out_;
};

/// The tensors of both kinds in Hugging Face checkpoints.
inline constexpr TensorAlias tile_tower_tensors[] = {
    {"embeddings.patch_embedding.weight", "v.patch_embd.weight"},
    {"embeddings.patch_embedding.bias", "v.patch_embd.bias"},
    {"embeddings.position_embedding.weight", "v.position_embd.weight"},
    {"embeddings.class_embedding", "v.class_embd"},
    {"pre_layrnorm.weight", "v.pre_ln.weight"},  // spelled so
    {"pre_layrnorm.bias", "v.pre_ln.bias"},
    {"encoder.layers.*.layer_norm1.weight", "v.blk.*.ln1.weight"},
    {"encoder.layers.*.layer_norm1.bias", "v.blk.*.ln1.bias"},
    {"encoder.layers.*.layer_norm2.weight", "v.blk.*.ln2.weight"},
    {"encoder.layers.*.layer_norm2.bias", "v.blk.*.ln2.bias"},
    {"encoder.layers.*.self_attn.q_proj.weight", "v.blk.*.attn_q.weight"},
    {"encoder.layers.*.self_attn.q_proj.bias", "v.blk.*.attn_q.bias"},
    {"encoder.layers.*.self_attn.k_proj.weight", "v.blk.*.attn_k.weight"},
    {"encoder.layers.*.self_attn.k_proj.bias", "v.blk.*.attn_k.bias"},
    {"encoder.layers.*.self_attn.v_proj.weight", "v.blk.*.attn_v.weight"},
    {"encoder.layers.*.self_attn.v_proj.bias", "v.blk.*.attn_v.bias"},
    {"encoder.layers.*.self_attn.out_proj.weight", "v.blk.*.attn_out.weight"},
    {"encoder.layers.*.self_attn.out_proj.bias", "v.blk.*.attn_out.bias"},
    {"encoder.layers.*.mlp.fc1.weight", "v.blk.*.ffn_up.weight"},
    {"encoder.layers.*.mlp.fc1.bias", "v.blk.*.ffn_up.bias"},
    {"encoder.layers.*.mlp.fc2.weight", "v.blk.*.ffn_down.weight"},
    {"encoder.layers.*.mlp.fc2.bias", "v.blk.*.ffn_down.bias"},
    {"post_layernorm.weight", "v.post_ln.weight"},
    {"post_layernorm.bias", "v.post_ln.bias"}};

/// The keys of the tower from vision_config of a CLIP or SigLIP model.
void write_tile_tower_keys(const JsonFields& config, KeyWriter& writer);

}  // namespace deskhand
