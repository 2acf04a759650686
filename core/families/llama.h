#pragma once
// The Llama decoder, which other families are variants of.
//
//   return std::make_unique<LlamaDecoder>(context, LlamaDecoder::Variant{.needs_qkv_bias = true});   // Qwen2

#include <vector>

#include "core/cross_attention.h"

namespace deskhand {

/// The layers of Llama, Mistral, Qwen, SmolLM and their kin in Hugging Face checkpoints.
inline constexpr TensorAlias llama_tensors[] = {
    {"input_layernorm.weight", "attn_norm.weight"},
    {"self_attn.q_proj.weight", "attn_q.weight"},
    {"self_attn.k_proj.weight", "attn_k.weight"},
    {"self_attn.v_proj.weight", "attn_v.weight"},
    {"self_attn.o_proj.weight", "attn_output.weight"},
    {"self_attn.q_norm.weight", "attn_q_norm.weight"},
    {"self_attn.k_norm.weight", "attn_k_norm.weight"},
    {"self_attn.q_proj.bias", "attn_q.bias"},
    {"self_attn.k_proj.bias", "attn_k.bias"},
    {"self_attn.v_proj.bias", "attn_v.bias"},
    {"post_attention_layernorm.weight", "ffn_norm.weight"},
    {"mlp.gate_proj.weight", "ffn_gate.weight"},
    {"mlp.up_proj.weight", "ffn_up.weight"},
    {"mlp.down_proj.weight", "ffn_down.weight"},
};

class LlamaDecoder final : public Decoder {
 public:
  struct Variant {
    bool needs_qkv_bias = false;  ///< else a bias is used where the file has one
    bool norms_heads = false;     ///< each head of queries and keys
  };

  LlamaDecoder(const LoadContext& context, Variant variant);
  const KvPlan& plan() const override { return attention_.plan(); }
  bool forward(const Batch& batch, View logits) override;
  bool remember(const ImageFeatures& picture, PictureMemory& memory, const std::stop_token& stop) override;

 private:
  struct Layer {
    std::span<const float> attention_norm, ffn_norm;          // [width]
    std::span<const float> q_norm, k_norm;                    // [head_dim] or none
    const Weight *wq, *wk, *wv, *wo;                          // [outputs, inputs]
    const float *bq = nullptr, *bk = nullptr, *bv = nullptr;  // [outputs] or none
    const Weight *w_gate, *w_up, *w_down;
  };

  Layer load_layer(const LoadContext& context, Variant variant, int64_t index) const;

  Backend& backend_;
  ModelConfig config_;
  Embedding embedding_;
  std::vector<Layer> layers_;
  std::unique_ptr<CrossAttention> cross_;            // where some layers attend to pictures
  std::vector<CrossAttention::Layer> cross_layers_;  // per layer, as layers_: one of both is empty
  Rotation rotation_;
  PagedAttention attention_;
  OutputHead head_;
  Matrix h_, x_, q_, k_, v_, a_, gate_, up_;
};

}  // namespace deskhand
