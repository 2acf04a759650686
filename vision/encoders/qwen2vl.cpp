// Qwen2-VL: layer norms and plain networks; every layer sees the whole picture.

#include "vision/qwen2_encoder.h"

namespace deskhand {
namespace {

std::unique_ptr<ImageEncoder> load(const EncoderContext& context) {
  return std::make_unique<Qwen2Encoder>(context, Qwen2Encoder::Variant{});
}

constexpr std::string_view defaults =
    R"({"hidden_act": "quick_gelu", "depth": 32, "embed_dim": 1280, "num_heads": 16})";

constexpr std::string_view text_families[] = {"qwen2vl"};
constexpr std::string_view model_types[] = {"qwen2_vl"};

constexpr TensorAlias tensors[] = {{"patch_embed.proj.weight", "v.patch_embd.weight"},
                                   {"blocks.*.norm1.weight", "v.blk.*.ln1.weight"},
                                   {"blocks.*.norm1.bias", "v.blk.*.ln1.bias"},
                                   {"blocks.*.norm2.weight", "v.blk.*.ln2.weight"},
                                   {"blocks.*.norm2.bias", "v.blk.*.ln2.bias"},
                                   {"blocks.*.attn.qkv.weight", "v.blk.*.attn_qkv.weight"},
                                   {"blocks.*.attn.qkv.bias", "v.blk.*.attn_qkv.bias"},
                                   {"blocks.*.attn.proj.weight", "v.blk.*.attn_out.weight"},
                                   {"blocks.*.attn.proj.bias", "v.blk.*.attn_out.bias"},
                                   {"blocks.*.mlp.fc1.weight", "v.blk.*.ffn_up.weight"},
                                   {"blocks.*.mlp.fc1.bias", "v.blk.*.ffn_up.bias"},
                                   {"blocks.*.mlp.fc2.weight", "v.blk.*.ffn_down.weight"},
                                   {"blocks.*.mlp.fc2.bias", "v.blk.*.ffn_down.bias"},
                                   {"merger.ln_q.weight", "v.post_ln.weight"},
                                   {"merger.ln_q.bias", "v.post_ln.bias"},
                                   {"merger.mlp.0.weight", "mm.0.weight"},
                                   {"merger.mlp.0.bias", "mm.0.bias"},
                                   {"merger.mlp.2.weight", "mm.2.weight"},
                                   {"merger.mlp.2.bias", "mm.2.bias"}};

}  // namespace

extern const Encoder encoder_qwen2vl;
const Encoder encoder_qwen2vl{.projector = "qwen2vl_merger",
                              .load = load,
                              .hugging_face = {.model_types = model_types,
                                               .prefixes = qwen_eye_prefixes,
                                               .tensors = tensors,
                                               .defaults = defaults,
                                               .write_keys = write_qwen_eye_keys},
                              .families = text_families};

}  // namespace deskhand
