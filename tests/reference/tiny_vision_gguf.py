"""Writes a model with eyes as its converter would: the decoder in text.gguf, the eyes in mmproj.gguf."""
import re
import types

import gguf
import numpy as np

from tiny_gguf import write_gguf

BF16 = gguf.GGMLQuantizationType.BF16
SIGLIP_BLOCK = {"layer_norm1": "ln1", "layer_norm2": "ln2", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
                "self_attn.v_proj": "attn_v", "self_attn.out_proj": "attn_out", "mlp.fc1": "ffn_up", "mlp.fc2": "ffn_down"}
QWEN_BLOCK = {"norm1": "ln1", "norm2": "ln2", "attn.qkv": "attn_qkv", "attn.proj": "attn_out",
              "mlp.linear_fc1": "ffn_up", "mlp.linear_fc2": "ffn_down", "mlp.fc1": "ffn_up", "mlp.fc2": "ffn_down",
              "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down"}
QWEN_MERGER = {"norm": "v.post_ln", "ln_q": "v.post_ln", "linear_fc1": "mm.0", "linear_fc2": "mm.2", "mlp.0": "mm.0",
               "mlp.2": "mm.2"}


def split_qkv(name, w):
    return [(name.replace("attn_qkv", f"attn_{part}"), rows) for part, rows in zip("qkv", np.split(w, 3))]


def qwen_tensors(name, w, config):
    """The tensors of mmproj.gguf that a parameter of the Qwen towers becomes."""
    stem, kind = name.rsplit(".", 1)
    if stem == "patch_embed.proj" and kind == "weight":  # [D, 3, 2, p, p]: a kernel per frame
        return [("v.patch_embd.weight", w[:, :, 0]), ("v.patch_embd.weight.1", w[:, :, 1])]
    if stem == "patch_embed.proj":
        return [("v.patch_embd.bias", w)]
    if stem == "pos_embed":
        return [("v.position_embd.weight", w)]
    if stem.startswith("merger."):
        return [(f"{QWEN_MERGER[stem.removeprefix('merger.')]}.{kind}", w)]
    if stem.startswith("deepstack_merger_list."):
        _, i, part = stem.split(".")
        part = part.replace("linear_", "")
        return [(f"v.deepstack.{config.deepstack_visual_indexes[int(i)]}.{part}.{kind}", w)]
    _, layer, part = stem.split(".", 2)
    out = f"v.blk.{layer}.{QWEN_BLOCK[part]}.{kind}"
    return split_qkv(out, w) if part == "attn.qkv" and "num_position_embeddings" not in config else [(out, w)]


def qwen_keys(writer, config):
    writer.add_uint32("clip.vision.spatial_merge_size", config.spatial_merge_size)
    if hasattr(config, "num_position_embeddings"):
        writer.add_bool("clip.use_gelu", True)
        deep = getattr(config, "deepstack_visual_indexes", None) or []
        writer.add_array("clip.vision.is_deepstack_layers", [i in deep for i in range(config.depth)])
    if hasattr(config, "fullatt_block_indexes"):
        every = config.fullatt_block_indexes[0] + 1
        assert config.fullatt_block_indexes == list(range(every - 1, config.depth, every))
        writer.add_bool("clip.use_silu", True)
        writer.add_uint32("clip.vision.n_wa_pattern", every)
        writer.add_uint32("clip.vision.window_size", config.window_size)


def siglip_tensors(name, w, config):
    stem, _, kind = name.rpartition(".")
    if stem == "embeddings.patch_embedding":
        return [(f"v.patch_embd.{kind}", w)]
    if stem == "embeddings.position_embedding":
        return [("v.position_embd.weight", w)]
    if stem == "embeddings":
        return [("v.class_embd", w)]
    if stem == "post_layernorm":
        return [(f"v.post_ln.{kind}", w)]
    if stem == "pre_layrnorm":
        return [(f"v.pre_ln.{kind}", w)]
    _, _, layer, part = stem.split(".", 3)
    return [(f"v.blk.{layer}.{SIGLIP_BLOCK[part]}.{kind}", w)]


def common_keys(writer, family, vision, text_width, image_size):
    width = getattr(vision, "embed_dim", None) or vision.hidden_size
    inner = getattr(vision, "intermediate_size", None) or width * vision.mlp_ratio
    writer.add_type("mmproj")
    writer.add_bool("clip.has_vision_encoder", True)
    writer.add_string("clip.vision.projector_type" if family.gguf == "gemma4v" else "clip.projector_type", family.gguf)
    writer.add_uint32("clip.vision.image_size", image_size)
    writer.add_uint32("clip.vision.patch_size", vision.patch_size)
    writer.add_uint32("clip.vision.embedding_length", width)
    writer.add_uint32("clip.vision.feed_forward_length", int(inner))
    writer.add_uint32("clip.vision.block_count", vision.num_hidden_layers)
    writer.add_uint32("clip.vision.attention.head_count", vision.num_attention_heads)
    writer.add_float32("clip.vision.attention.layer_norm_epsilon", getattr(vision, "layer_norm_eps", 1e-6))
    writer.add_uint32("clip.vision.projection_dim", text_width)
    processor = family.processor()
    writer.add_array("clip.vision.image_mean", [float(x) for x in processor.image_mean])
    writer.add_array("clip.vision.image_std", [float(x) for x in processor.image_std])


def write_tensor(writer, name, w):
    w = np.ascontiguousarray(w)
    if w.ndim == 2 and "position_embd" not in name:
        writer.add_tensor(name, gguf.quantize(w, BF16), raw_dtype=BF16)
    else:
        writer.add_tensor(name, w.astype(np.float16 if w.ndim == 4 else np.float32))


def eyes_of(family, model):
    """(tensors, keys, image size) of the eyes."""
    vision = model.config.vision_config
    held = {**dict(model.named_parameters()), **{k: b for k, b in model.named_buffers()
                                                 if family.buffers and re.search(family.buffers, k)}}
    held = {k: p.detach().float().numpy() for k, p in held.items()}
    under = lambda prefix: {k.removeprefix(prefix): w for k, w in held.items() if k.startswith(prefix)}
    if "qwen" in family.gguf:
        side = int(getattr(vision, "num_position_embeddings", 1600) ** 0.5)
        tensors = [t for k, w in under("model.visual.").items() for t in qwen_tensors(k, w, vision)]
        return tensors, qwen_keys, side * vision.patch_size
    raise KeyError(family.gguf)


def write_eyes(path, family, model):
    vision = model.config.vision_config
    tensors, keys, image_size = eyes_of(family, model)
    writer = gguf.GGUFWriter(path, "clip")
    common_keys(writer, family, vision, model.config.get_text_config().hidden_size, image_size)
    keys(writer, vision)
    for name, w in tensors:
        write_tensor(writer, name, w)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def text_keys(family, model):
    """What the decoder's file says because of the eyes."""
    config = model.config.get_text_config()
    rope = getattr(config, "rope_parameters", None) or {}

    def write(writer, arch):
        if "mrope_section" in rope and not arch.startswith("qwen35"):
            writer.add_rope_dimension_sections([*rope["mrope_section"], 0])
        if arch == "qwen3vl":
            writer.add_uint32("qwen3vl.n_deepstack_layers", len(model.config.vision_config.deepstack_visual_indexes))

    return write


def write(folder, family, model):
    text = lambda name: name.replace("model.language_model.", "model.").replace("model.text_model.", "model.")
    owned = [(text(k), p) for k, p in model.named_parameters()
             if k.startswith(("model.language_model.", "model.text_model.", "lm_head."))]
    decoder = types.SimpleNamespace(config=model.config.get_text_config(), named_parameters=lambda: owned)
    case = types.SimpleNamespace(kind=BF16, own={}, more_keys=text_keys(family, model))
    write_gguf(folder / "text.gguf", case, decoder)
    write_eyes(folder / "mmproj.gguf", family, model)
