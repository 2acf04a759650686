"""Gemma 4 as its converter writes it: two sizes of heads, embeddings per layer, frequencies that stand still."""
import gguf
import numpy as np

from tiny_gguf import write_tensor

BLOCK = {
    "input_layernorm": "attn_norm", "post_attention_layernorm": "post_attention_norm",
    "pre_feedforward_layernorm": "ffn_norm", "post_feedforward_layernorm": "post_ffw_norm",
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm",
    "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
    "per_layer_input_gate": "inp_gate", "per_layer_projection": "proj", "post_per_layer_input_norm": "post_norm",
}
OUTSIDE = {"embed_tokens": "token_embd", "norm": "output_norm", "embed_tokens_per_layer": "per_layer_token_embd",
           "per_layer_model_projection": "per_layer_model_proj", "per_layer_projection_norm": "per_layer_proj_norm"}


def gguf_name(name):
    if not name.startswith("layers."):
        return OUTSIDE[name.removesuffix(".weight")] + ".weight"
    _, layer, rest = name.split(".", 2)
    if rest == "layer_scalar":
        return f"blk.{layer}.layer_output_scale.weight"
    return f"blk.{layer}.{BLOCK[rest.removesuffix('.weight')]}.weight"


def write_keys(writer, config, held):
    sliding = [kind == "sliding_attention" for kind in config.layer_types]
    rows = lambda i, part: held[f"layers.{i}.{part}.weight"].shape[0]
    heads = config.num_attention_heads
    head = {kind: rows(sliding.index(kind), "self_attn.q_proj") // heads for kind in (True, False)}
    owners = len(sliding) - config.num_kv_shared_layers
    pairs = [rows(i, "self_attn.k_proj") // head[sliding[i]] for i in range(owners)]
    pairs += [pairs[max(j for j in range(owners) if sliding[j] == kind)] for kind in sliding[owners:]]
    writer.add_vocab_size(config.vocab_size)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(len(sliding))
    inner = [rows(i, "mlp.gate_proj") for i in range(len(sliding))]
    writer.add_feed_forward_length(inner if len(set(inner)) > 1 else inner[0])
    writer.add_head_count(heads)
    writer.add_head_count_kv(pairs if len(set(pairs)) > 1 else pairs[0])
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_key_length(head[False])
    writer.add_value_length(head[False])
    writer.add_uint32("gemma4.attention.key_length_swa", head[True])
    writer.add_uint32("gemma4.attention.value_length_swa", head[True])
    writer.add_sliding_window(config.sliding_window)
    writer.add_sliding_window_pattern(sliding)
    writer.add_uint32("gemma4.attention.shared_kv_layers", config.num_kv_shared_layers)
    writer.add_uint32("gemma4.embedding_length_per_layer_input", config.hidden_size_per_layer_input)
    writer.add_rope_freq_base(config.rope_parameters["full_attention"]["rope_theta"])
    writer.add_float32("gemma4.rope.freq_base_swa", config.rope_parameters["sliding_attention"]["rope_theta"])
    writer.add_rope_dimension_count(head[False])
    writer.add_uint32("gemma4.rope.dimension_count_swa", head[True])
    if config.final_logit_softcapping is not None:
        writer.add_final_logit_softcapping(config.final_logit_softcapping)
    still = np.full(head[False] // 2, 1e30, dtype=np.float32)
    still[:int(config.rope_parameters["full_attention"]["partial_rotary_factor"] * head[False] // 2)] = 1
    writer.add_tensor("rope_freqs.weight", still)


def write_gguf(path, config, held):
    """`held`: the decoder's tensors, names as in transformers' model of the text alone."""
    writer = gguf.GGUFWriter(path, "gemma4")
    writer.add_name(path.stem)
    write_keys(writer, config, held)
    for name, w in held.items():
        write_tensor(writer, gguf_name(name), w, gguf.GGMLQuantizationType.BF16)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


EYES = {"input_layernorm": "ln1", "post_attention_layernorm": "attn_post_norm", "pre_feedforward_layernorm": "ln2",
        "post_feedforward_layernorm": "ffn_post_norm", "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm",
        "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
        "self_attn.o_proj": "attn_out", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down"}


def eye_tensors(name, w, config):
    """The tensors of mmproj.gguf that a parameter of the vision tower becomes."""
    if name == "patch_embedder.input_proj.weight":  # rows are [y, x, channel]
        side = config.patch_size
        return [("v.patch_embd.weight", w.reshape(-1, side, side, 3).transpose(0, 3, 1, 2))]
    if name == "patch_embedder.position_embedding_table":
        return [("v.position_embd.weight", w)]
    if name in ("std_bias", "std_scale"):
        return [(f"v.{name}", w)]
    _, _, layer, rest = name.split(".", 3)
    stem, kind = rest.replace(".linear.", ".").rsplit(".", 1)
    return [(f"v.blk.{layer}.{EYES[stem]}.{kind}", w.reshape(1) if w.ndim == 0 else w)]
