// Llama 3.2 Vision: Llama in which some layers attend to pictures in the place of the text.

#include "core/families/llama.h"

namespace deskhand {
namespace {

std::unique_ptr<Decoder> load(const LoadContext& context) {
  return std::make_unique<LlamaDecoder>(context, LlamaDecoder::Variant{});
}

constexpr std::string_view model_types[] = {"mllama_text_model"};

constexpr TensorAlias cross_tensors[] = {
    {"cross_attn.q_proj.weight", "cross_attn_q.weight"},
    {"cross_attn.k_proj.weight", "cross_attn_k.weight"},
    {"cross_attn.v_proj.weight", "cross_attn_v.weight"},
    {"cross_attn.o_proj.weight", "cross_attn_output.weight"},
    {"cross_attn.q_norm.weight", "cross_attn_q_norm.weight"},
    {"cross_attn.k_norm.weight", "cross_attn_k_norm.weight"},
    {"cross_attn_attn_gate", "cross_attn_gate"},
    {"cross_attn_mlp_gate", "cross_ffn_gate"},
};
constexpr auto layer_tensors = joined(llama_tensors, cross_tensors);

constexpr std::string_view defaults = R"({
  "vocab_size": 128256, "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 40,
  "num_attention_heads": 32, "num_key_value_heads": 8, "max_position_embeddings": 131072, "rms_norm_eps": 1e-5,
  "rope_theta": 500000.0, "cross_attention_layers": [3, 8, 13, 18, 23, 28, 33, 38]
})";

}  // namespace

extern const Family family_mllama;
const Family family_mllama{
    .architecture = "mllama",
    .load = load,
    .hugging_face = {.model_types = model_types, .layer_tensors = layer_tensors, .defaults = defaults}};

}  // namespace deskhand
