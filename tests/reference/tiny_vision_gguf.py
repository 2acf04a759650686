"""Writes a model with eyes as its converter would: the decoder in text.gguf, the eyes in mmproj.gguf."""
import re
import types

import gguf
import numpy as np

import tiny_gemma4
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


def common_keys(writer, family, vision, blocks, text_width, image_size):
    width = getattr(vision, "embed_dim", None) or vision.hidden_size
    inner = getattr(vision, "intermediate_size", None) or width * vision.mlp_ratio
    writer.add_type("mmproj")
    writer.add_bool("clip.has_vision_encoder", True)
    writer.add_string("clip.vision.projector_type" if family.gguf == "gemma4v" else "clip.projector_type", family.gguf)
    writer.add_uint32("clip.vision.image_size", image_size)
    writer.add_uint32("clip.vision.patch_size", vision.patch_size)
    writer.add_uint32("clip.vision.embedding_length", width)
    writer.add_uint32("clip.vision.feed_forward_length", int(inner))
    writer.add_uint32("clip.vision.block_count", blocks)
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


def tensors_under(family, model, prefix):
    """Parameters and kept buffers below a module, as arrays."""
    held = dict(model.named_parameters())
    if family.buffers:
        held |= {k: b for k, b in model.named_buffers() if re.search(family.buffers, k)}
    return {k.removeprefix(prefix): p.detach().float().numpy() for k, p in held.items() if k.startswith(prefix)}


def qwen_eyes(family, model, vision):
    side = int(getattr(vision, "num_position_embeddings", 1600) ** 0.5)
    held = tensors_under(family, model, "model.visual.")
    return [t for k, w in held.items() for t in qwen_tensors(k, w, vision)], qwen_keys, side * vision.patch_size


def siglip_eyes(family, model, vision):
    """SmolVLM and Gemma 3."""
    config = model.config
    held = tensors_under(family, model, "model.vision_tower.") or tensors_under(family, model, "model.vision_model.")
    tensors = [t for k, w in held.items() for t in siglip_tensors(k, w, vision)]
    if family.gguf == "idefics3":
        scale, more = config.scale_factor, {"clip.vision.preproc_image_size": family.processor().size["longest_edge"]}
        tensors += [("mm.model.fc.weight", w) for w in tensors_under(family, model, "model.connector.").values()]
    else:
        side = vision.image_size // vision.patch_size
        scale, more = side // int(config.mm_tokens_per_image**0.5), {}
        projector = tensors_under(family, model, "model.multi_modal_projector.")
        tensors += [("mm.input_projection.weight", projector["mm_input_projection_weight"]),
                    ("mm.soft_emb_norm.weight", projector["mm_soft_emb_norm.weight"] + np.float32(1))]

    def keys(writer, _):
        writer.add_bool("clip.use_gelu", True)
        writer.add_uint32("clip.vision.projector.scale_factor", scale)
        for key, value in more.items():
            writer.add_uint32(key, value)

    return tensors, keys, vision.image_size


def clip_eyes(family, model, vision):
    """LLaVA: without the layers behind the one whose states are taken."""
    used = vision.num_hidden_layers + 1 + model.config.vision_feature_layer
    held = {k: w for k, w in tensors_under(family, model, "model.vision_tower.").items()
            if not k.startswith(("post_layernorm", *(f"encoder.layers.{i}." for i in range(used, vision.num_hidden_layers))))}
    tensors = [t for k, w in held.items() for t in siglip_tensors(k, w, vision)]
    for k, w in tensors_under(family, model, "model.multi_modal_projector.linear_").items():
        tensors.append((f"mm.{0 if k[0] == '1' else 2}{k[1:]}", w))

    def keys(writer, _):
        writer.add_bool("clip.has_llava_projector", True)
        writer.add_bool("clip.use_gelu", False)

    return tensors, keys, vision.image_size


def gemma4_eyes(family, model, vision):
    held = tensors_under(family, model, "model.vision_tower.")
    tensors = [t for k, w in held.items() for t in tiny_gemma4.eye_tensors(k, w, vision)]
    tensors += [("mm.input_projection.weight", w) for w in tensors_under(family, model, "model.embed_vision.").values()]
    return tensors, lambda writer, _: None, 8 * vision.patch_size * vision.pooling_kernel_size


EYES = {"qwen2vl_merger": qwen_eyes, "qwen2.5vl_merger": qwen_eyes, "qwen3vl_merger": qwen_eyes, "idefics3": siglip_eyes,
        "gemma3": siglip_eyes, "mlp": clip_eyes, "gemma4v": gemma4_eyes}


def write_eyes(path, family, model):
    vision = model.config.vision_config
    tensors, keys, image_size = EYES[family.gguf](family, model, vision)
    blocks = 1 + max(int(name.split(".")[2]) for name, _ in tensors if name.startswith("v.blk."))
    writer = gguf.GGUFWriter(path, "clip")
    common_keys(writer, family, vision, blocks, model.config.get_text_config().hidden_size, image_size)
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
    if family.gguf == "gemma4v":
        held = tensors_under(family, model, "model.language_model.")
        tiny_gemma4.write_gguf(folder / "text.gguf", model.config.get_text_config(), held)
        write_eyes(folder / "mmproj.gguf", family, model)
        return
    text = lambda name: name.replace("model.language_model.", "model.").replace("model.text_model.", "model.")
    owned = [(text(k), p) for k, p in model.named_parameters()
             if k.startswith(("model.language_model.", "model.text_model.", "lm_head."))]
    decoder = types.SimpleNamespace(config=model.config.get_text_config(), named_parameters=lambda: owned)
    case = types.SimpleNamespace(kind=BF16, own={}, more_keys=text_keys(family, model))
    write_gguf(folder / "text.gguf", case, decoder)
    write_eyes(folder / "mmproj.gguf", family, model)
