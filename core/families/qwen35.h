#pragma once
// The Qwen3.5 decoder: three layers of four are gated delta nets, the others gated attention; a dense feed-forward
// network or experts.
//
//   return std::make_unique<Qwen35Decoder>(context);

#include <memory>
#include <string_view>
#include <vector>

#include "core/experts.h"
#include "core/gated_delta.h"

namespace deskhand {

class Qwen35Decoder final : public Decoder {
 public:
  /// With experts where the config has them.
  explicit Qwen35Decoder(const LoadContext& context);
  const KvPlan& plan() const override { return attention_.plan(); }
  bool forward(const Batch& batch, View logits) override;

 private:
  struct Attention {
    const Weight *wq, *wk, *wv, *wo;        // [2·H·d | G·d | G·d, width], [width, H·d]
    std::span<const float> q_norm, k_norm;  // [head_dim], 1 + w
  };
  struct Network {
    const Weight *gate, *up, *down;
  };
  struct Layer {
    std::span<const float> mixer_norm, ffn_norm;  // [width], 1 + w
    Attention attention{};                        // one of these two
    GatedDelta::Layer delta{};
    Network network{};  // and one of these
    Experts::Layer experts{};
  };

  void attend(int64_t index, const Attention& layer, const Batch& batch);
  void transform(const Network& layer, int64_t rows);
  Attention load_attention(const LoadContext& context, int64_t layer) const;
  Network load_network(const LoadContext& context, int64_t layer) const;

  Backend& backend_;
  ModelConfig config_;
  Embedding embedding_;
  std::vector<Layer> layers_;
  Rotation rotation_;
  PagedAttention attention_;
  OutputHead head_;
  GatedDelta delta_;
  std::unique_ptr<Experts> experts_;  // or none
  Matrix h_, x_, qg_, q_, k_, v_, a_, gate_, up_;
};

/// Layers of both architectures in Hugging Face checkpoints; names of parts that a model lacks do no harm.
inline constexpr TensorAlias qwen35_tensors[] = {
    {"input_layernorm.weight", "attn_norm.weight"},
    {"post_attention_layernorm.weight", "post_attention_norm.weight"},
    {"self_attn.q_proj.weight", "attn_q.weight"},
    {"self_attn.k_proj.weight", "attn_k.weight"},
    {"self_attn.v_proj.weight", "attn_v.weight"},
    {"self_attn.o_proj.weight", "attn_output.weight"},
    {"self_attn.q_norm.weight", "attn_q_norm.weight"},
    {"self_attn.k_norm.weight", "attn_k_norm.weight"},
    {"linear_attn.in_proj_qkv.weight", "attn_qkv.weight"},
    {"linear_attn.in_proj_z.weight", "attn_gate.weight"},
    {"linear_attn.in_proj_a.weight", "ssm_alpha.weight"},
    {"linear_attn.in_proj_b.weight", "ssm_beta.weight"},
    {"linear_attn.conv1d.weight", "ssm_conv1d.weight"},
    {"linear_attn.A_log", "ssm_a"},
    {"linear_attn.dt_bias", "ssm_dt.bias"},
    {"linear_attn.norm.weight", "ssm_norm.weight"},
    {"linear_attn.out_proj.weight", "ssm_out.weight"},
    {"mlp.gate_proj.weight", "ffn_gate.weight"},
    {"mlp.up_proj.weight", "ffn_up.weight"},
    {"mlp.down_proj.weight", "ffn_down.weight"},
    {"mlp.gate.weight", "ffn_gate_inp.weight"},
    {"mlp.experts.gate_up_proj", "ffn_gate_up_exps.weight"},
    {"mlp.experts.down_proj", "ffn_down_exps.weight"},
    {"mlp.experts.*.gate_proj.weight", "ffn_gate_exps.weight"},
    {"mlp.experts.*.up_proj.weight", "ffn_up_exps.weight"},
    {"mlp.experts.*.down_proj.weight", "ffn_down_exps.weight"},
    {"mlp.shared_expert.gate_proj.weight", "ffn_gate_shexp.weight"},
    {"mlp.shared_expert.up_proj.weight", "ffn_up_shexp.weight"},
    {"mlp.shared_expert.down_proj.weight", "ffn_down_shexp.weight"},
    {"mlp.shared_expert_gate.weight", "ffn_gate_inp_shexp.weight"},
};

}  // namespace deskhand
