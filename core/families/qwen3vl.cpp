// The language model of Qwen3-VL: Qwen3, whose rotary pairs turn by time, height and width, one after the other.

#include "core/families/llama.h"

namespace deskhand {
namespace {

std::unique_ptr<Decoder> load(const LoadContext& context) {
  return std::make_unique<LlamaDecoder>(context, LlamaDecoder::Variant{.norms_heads = true});
}

constexpr std::string_view model_types[] = {"qwen3_vl_text"};

}  // namespace

extern const Family family_qwen3vl;
const Family family_qwen3vl{.architecture = "qwen3vl",
                            .load = load,
                            .hugging_face = {.model_types = model_types,
                                             .layer_tensors = llama_tensors,
                                             .defaults = R"({"max_window_layers": 28, "head_dim": 128})"}};

}  // namespace deskhand
