// Qwen2 and Qwen2.5: Llama with biases on queries, keys and values, and rotary pairs of halves.

#include "core/families/llama.h"

namespace deskhand {
namespace {

std::unique_ptr<Decoder> load(const LoadContext& context) {
  return std::make_unique<LlamaDecoder>(context, LlamaDecoder::Variant{.needs_qkv_bias = true});
}

constexpr std::string_view model_types[] = {"qwen2"};

}  // namespace

extern const Family family_qwen2;
const Family family_qwen2{
    .architecture = "qwen2",
    .load = load,
    .hugging_face = {
        .model_types = model_types, .layer_tensors = llama_tensors, .defaults = R"({"max_window_layers": 28})"}};

}  // namespace deskhand
