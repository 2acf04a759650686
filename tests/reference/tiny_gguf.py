"""Writes a transformers model as the GGUF file that its converter would make of it."""
import gguf
import numpy as np
import torch
import transformers

import tiny_qwen35
from checkpoint_names import gguf_name, permute

ARCHITECTURES = {"gemma3_text": "gemma3", "mistral": "llama", "qwen3_5_text": "qwen35", "qwen3_5_moe_text": "qwen35moe",
                 "qwen2_vl_text": "qwen2vl", "qwen2_5_vl_text": "qwen2vl",
                 "qwen3_vl_text": "qwen3vl"}  # by model_type; else the same
PERMUTED = ("llama", "smollm3")


def head_dim_of(config):
    return getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads


def llama3_divisors(config):
    head = head_dim_of(config)
    plain = config.rope_parameters["rope_theta"] ** -(torch.arange(0, head, 2, dtype=torch.float64) / head)
    inv_freq, _ = transformers.modeling_rope_utils.ROPE_INIT_FUNCTIONS["llama3"](config, "cpu")
    return (plain / inv_freq.double()).float().numpy()


def write_rope(writer, arch, config):
    rope = config.rope_parameters.get("full_attention", config.rope_parameters)
    kind = rope["rope_type"]
    writer.add_rope_freq_base(rope["rope_theta"])
    if config.rope_parameters.get("sliding_attention", {}).get("rope_theta", 10000.0) != 10000.0:
        writer.add_float32(f"{arch}.rope.freq_base_swa", config.rope_parameters["sliding_attention"]["rope_theta"])
    if kind == "linear":
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(rope["factor"])
    elif kind == "llama3":
        writer.add_tensor("rope_freqs.weight", llama3_divisors(config))
    elif kind == "yarn":
        writer.add_rope_scaling_type(gguf.RopeScalingType.YARN)
        writer.add_rope_scaling_factor(rope["factor"])
        writer.add_rope_scaling_orig_ctx_len(rope["original_max_position_embeddings"])
        writer.add_rope_scaling_yarn_beta_fast(rope["beta_fast"])
        writer.add_rope_scaling_yarn_beta_slow(rope["beta_slow"])
    elif kind == "longrope":
        original = rope["original_max_position_embeddings"]
        factor = config.max_position_embeddings / original
        writer.add_rope_scaling_type(gguf.RopeScalingType.LONGROPE)
        writer.add_rope_scaling_orig_ctx_len(original)
        writer.add_rope_scaling_attn_factors(float(np.sqrt(1 + np.log(factor) / np.log(original))))
        writer.add_tensor("rope_factors_long.weight", np.array(rope["long_factor"], dtype=np.float32))
        writer.add_tensor("rope_factors_short.weight", np.array(rope["short_factor"], dtype=np.float32))
    elif kind == "dynamic":
        writer.add_string(f"{arch}.rope.scaling.type", "dynamic")
        writer.add_rope_scaling_factor(rope["factor"])


def write_windows(writer, arch, config):
    window = getattr(config, "sliding_window", None)
    if window is None:
        return
    writer.add_sliding_window(window)
    if arch not in ("gemma3", "llama"):
        writer.add_sliding_window_pattern([kind == "sliding_attention" for kind in config.layer_types])


def write_own(writer, own):
    for key, value in own.items():
        if isinstance(value, list):
            writer.add_array(f"deskhand.{key}", value)
        else:
            writer.add_float32(f"deskhand.{key}", value)


def tensors(name, p, arch, config):
    """Names and values of what a parameter becomes in the file."""
    w = p.detach().numpy()
    if arch.startswith("qwen35"):
        return tiny_qwen35.tensors(name, w, config)
    if arch == "gemma3" and name.endswith("norm.weight"):
        w = w + np.float32(1.0)
    if arch in PERMUTED and ("q_proj" in name or "k_proj" in name):
        w = permute(w, config.num_attention_heads if "q_proj" in name else config.num_key_value_heads)
    return [(gguf_name(name, arch), w)]


def write_tensor(writer, name, w, kind):
    w = np.ascontiguousarray(w)
    if w.ndim == 1 or name.endswith("ssm_conv1d.weight"):
        writer.add_tensor(name, w.astype(np.float32))
    else:
        writer.add_tensor(name, gguf.quantize(w, kind), raw_dtype=kind)


def write_gguf(path, case, model):
    config = model.config
    arch = ARCHITECTURES.get(config.model_type, config.model_type)
    writer = gguf.GGUFWriter(path, arch)
    gemma = arch == "gemma3"
    head_dim = head_dim_of(config)
    writer.add_name(path.stem)
    writer.add_vocab_size(config.vocab_size)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    hybrid = arch.startswith("qwen35")
    writer.add_block_count(config.num_hidden_layers + (tiny_qwen35.AHEAD if hybrid else 0))
    if hasattr(config, "intermediate_size"):
        writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    write_rope(writer, arch, config)
    write_windows(writer, arch, config)
    write_own(writer, case.own)
    case.more_keys(writer, arch)
    if hybrid:
        tiny_qwen35.write_keys(writer, arch, config)
    if gemma:
        writer.add_float32("gemma3.attention.scale", config.query_pre_attn_scalar**-0.5)
        if config.final_logit_softcapping is not None:
            writer.add_final_logit_softcapping(config.final_logit_softcapping)
        if config.layer_types != ["sliding_attention" if (i + 1) % 6 else "full_attention"
                                  for i in range(config.num_hidden_layers)]:
            writer.add_sliding_window_pattern([kind == "sliding_attention" for kind in config.layer_types])
    if head_dim * config.num_attention_heads != config.hidden_size:
        writer.add_key_length(head_dim)
        writer.add_value_length(head_dim)
    if not gemma:
        writer.add_rope_dimension_count(int(head_dim * config.rope_parameters.get("partial_rotary_factor", 1.0)))
    for name, p in model.named_parameters():
        for stored, w in tensors(name, p, arch, config):
            write_tensor(writer, stored, w, case.kind)
    for stored, w in tiny_qwen35.layer_ahead(config) if hybrid else []:
        write_tensor(writer, stored, w, case.kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
