// Qwen2.5-VL: RMS norms, gated networks, and windows in all layers but a few.

#include <fmt/format.h>

#include "vision/qwen2_encoder.h"

namespace deskhand {
namespace {

std::unique_ptr<ImageEncoder> load(const EncoderContext& context) {
  return std::make_unique<Qwen2Encoder>(context, Qwen2Encoder::Variant{.has_windows = true});
}

void write_keys(const JsonFields& config, KeyWriter& writer) {
  write_qwen_eye_keys(config, writer);
  const auto eyes = config.object("vision_config");
  writer.set_if("window_size", eyes->integer_if("window_size"));
  writer.set_integers("sees_all", flags_of_list(*eyes, "fullatt_block_indexes"));
}

// Of the published models: the class has another width, which none of them uses.
constexpr std::string_view defaults = R"({
  "hidden_act": "silu", "depth": 32, "hidden_size": 1280, "num_heads": 16,
  "window_size": 112, "fullatt_block_indexes": [7, 15, 23, 31]
})";

constexpr std::string_view text_families[] = {"qwen2vl"};
constexpr std::string_view model_types[] = {"qwen2_5_vl"};

constexpr TensorAlias tensors[] = {{"patch_embed.proj.weight", "v.patch_embd.weight"},
                                   {"blocks.*.norm1.weight", "v.blk.*.ln1.weight"},
                                   {"blocks.*.norm2.weight", "v.blk.*.ln2.weight"},
                                   {"blocks.*.attn.qkv.weight", "v.blk.*.attn_qkv.weight"},
                                   {"blocks.*.attn.qkv.bias", "v.blk.*.attn_qkv.bias"},
                                   {"blocks.*.attn.proj.weight", "v.blk.*.attn_out.weight"},
                                   {"blocks.*.attn.proj.bias", "v.blk.*.attn_out.bias"},
                                   {"blocks.*.mlp.gate_proj.weight", "v.blk.*.ffn_gate.weight"},
                                   {"blocks.*.mlp.gate_proj.bias", "v.blk.*.ffn_gate.bias"},
                                   {"blocks.*.mlp.up_proj.weight", "v.blk.*.ffn_up.weight"},
                                   {"blocks.*.mlp.up_proj.bias", "v.blk.*.ffn_up.bias"},
                                   {"blocks.*.mlp.down_proj.weight", "v.blk.*.ffn_down.weight"},
                                   {"blocks.*.mlp.down_proj.bias", "v.blk.*.ffn_down.bias"},
                                   {"merger.ln_q.weight", "v.post_ln.weight"},
                                   {"merger.mlp.0.weight", "mm.0.weight"},
                                   {"merger.mlp.0.bias", "mm.0.bias"},
                                   {"merger.mlp.2.weight", "mm.2.weight"},
                                   {"merger.mlp.2.bias", "mm.2.bias"}};

}  // namespace

extern const Encoder encoder_qwen25vl;
const Encoder encoder_qwen25vl{.projector = "qwen2.5vl_merger",
                               .load = load,
                               .hugging_face = {.model_types = model_types,
                                                .prefixes = qwen_eye_prefixes,
                                                .tensors = tensors,
                                                .defaults = defaults,
                                                .write_keys = write_keys},
                               .families = text_families};

}  // namespace deskhand
