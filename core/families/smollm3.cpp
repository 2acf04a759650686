// SmolLM3: Llama, some of whose layers do not turn queries and keys (ModelConfig::turns).

#include "core/families/llama.h"

namespace deskhand {
namespace {

std::unique_ptr<Decoder> load(const LoadContext& context) {
  return std::make_unique<LlamaDecoder>(context, LlamaDecoder::Variant{});
}

constexpr std::string_view model_types[] = {"smollm3"};

}  // namespace

extern const Family family_smollm3;
const Family family_smollm3{.architecture = "smollm3",
                            .load = load,
                            .hugging_face = {.model_types = model_types,
                                             .layer_tensors = llama_tensors,
                                             .defaults = R"({"rope_theta": 2000000.0, "no_rope_layer_interval": 4})"}};

}  // namespace deskhand
