// Qwen3 (dense): Llama with a norm on every head of queries and keys, and rotary pairs of halves.

#include "core/families/llama.h"

namespace deskhand {
namespace {

std::unique_ptr<Decoder> load(const LoadContext& context) {
  return std::make_unique<LlamaDecoder>(context, LlamaDecoder::Variant{.norms_heads = true});
}

constexpr std::string_view model_types[] = {"qwen3"};

}  // namespace

extern const Family family_qwen3;
const Family family_qwen3{.architecture = "qwen3",
                          .load = load,
                          .hugging_face = {.model_types = model_types,
                                           .layer_tensors = llama_tensors,
                                           .defaults = R"({"max_window_layers": 28, "head_dim": 128})"}};

}  // namespace deskhand
