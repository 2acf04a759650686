// Qwen3.5 and 3.6 with experts in place of the dense feed-forward network (core/experts.cpp).

#include "core/families/qwen35.h"

namespace deskhand {
namespace {

std::unique_ptr<Decoder> load(const LoadContext& context) {
  return std::make_unique<Qwen35Decoder>(context);
}

constexpr std::string_view model_types[] = {"qwen3_5_moe_text"};

}  // namespace

extern const Family family_qwen35moe;
const Family family_qwen35moe{.architecture = "qwen35moe",
                              .load = load,
                              .hugging_face = {.model_types = model_types,
                                               .layer_tensors = qwen35_tensors,
                                               .norms_lack_one = true,
                                               .defaults = R"({
  "vocab_size": 248320, "hidden_size": 2048, "num_hidden_layers": 40, "num_attention_heads": 16,
  "num_key_value_heads": 2, "head_dim": 256, "max_position_embeddings": 32768, "rms_norm_eps": 1e-6,
  "partial_rotary_factor": 0.25, "full_attention_interval": 4, "linear_conv_kernel_dim": 4, "linear_key_head_dim": 128,
  "linear_value_head_dim": 128, "linear_num_key_heads": 16, "linear_num_value_heads": 32, "num_experts": 256,
  "num_experts_per_tok": 8, "moe_intermediate_size": 512, "shared_expert_intermediate_size": 512
})",
                                               .unused = "mtp."}};

}  // namespace deskhand
