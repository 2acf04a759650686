// The language model of Qwen2-VL and Qwen2.5-VL: Qwen2, whose rotary pairs turn by time, height and width.

#include "core/families/llama.h"

namespace deskhand {
namespace {

std::unique_ptr<Decoder> load(const LoadContext& context) {
  return std::make_unique<LlamaDecoder>(context, LlamaDecoder::Variant{.needs_qkv_bias = true});
}

constexpr std::string_view model_types[] = {"qwen2_vl", "qwen2_vl_text", "qwen2_5_vl", "qwen2_5_vl_text"};

}  // namespace

extern const Family family_qwen2vl;
const Family family_qwen2vl{
    .architecture = "qwen2vl",
    .load = load,
    .hugging_face = {.model_types = model_types, .layer_tensors = llama_tensors, .defaults = R"({
  "max_window_layers": 80, "use_sliding_window": false, "rms_norm_eps": 1e-5, "max_position_embeddings": 32768
})"}};

}  // namespace deskhand
