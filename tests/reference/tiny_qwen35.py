"""Qwen3.5 as its converter writes it: names, value heads in tiles, norms as they are applied, a layer for tokens ahead."""
import numpy as np

NAMES = {
    "input_layernorm.weight": "attn_norm.weight", "post_attention_layernorm.weight": "post_attention_norm.weight",
    "self_attn.q_proj.weight": "attn_q.weight", "self_attn.k_proj.weight": "attn_k.weight",
    "self_attn.v_proj.weight": "attn_v.weight", "self_attn.o_proj.weight": "attn_output.weight",
    "self_attn.q_norm.weight": "attn_q_norm.weight", "self_attn.k_norm.weight": "attn_k_norm.weight",
    "linear_attn.in_proj_qkv.weight": "attn_qkv.weight", "linear_attn.in_proj_z.weight": "attn_gate.weight",
    "linear_attn.in_proj_a.weight": "ssm_alpha.weight", "linear_attn.in_proj_b.weight": "ssm_beta.weight",
    "linear_attn.conv1d.weight": "ssm_conv1d.weight", "linear_attn.A_log": "ssm_a",
    "linear_attn.dt_bias": "ssm_dt.bias", "linear_attn.norm.weight": "ssm_norm.weight",
    "linear_attn.out_proj.weight": "ssm_out.weight", "mlp.gate_proj.weight": "ffn_gate.weight",
    "mlp.up_proj.weight": "ffn_up.weight", "mlp.down_proj.weight": "ffn_down.weight",
    "mlp.gate.weight": "ffn_gate_inp.weight", "mlp.experts.down_proj": "ffn_down_exps.weight",
    "mlp.shared_expert.gate_proj.weight": "ffn_gate_shexp.weight",
    "mlp.shared_expert.up_proj.weight": "ffn_up_shexp.weight",
    "mlp.shared_expert.down_proj.weight": "ffn_down_shexp.weight",
    "mlp.shared_expert_gate.weight": "ffn_gate_inp_shexp.weight",
}
OUTSIDE = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight",
           "lm_head.weight": "output.weight"}
AHEAD = 1  # layers behind the decoder's


def write_keys(writer, arch, config):
    writer.add_ssm_conv_kernel(config.linear_conv_kernel_dim)
    writer.add_ssm_state_size(config.linear_key_head_dim)
    writer.add_ssm_group_count(config.linear_num_key_heads)
    writer.add_ssm_time_step_rank(config.linear_num_value_heads)
    writer.add_ssm_inner_size(config.linear_num_value_heads * config.linear_value_head_dim)
    recurrent = [kind == "linear_attention" for kind in config.layer_types] + [False] * AHEAD
    writer.add_array(f"{arch}.attention.recurrent_layers", recurrent)
    writer.add_uint32(f"{arch}.full_attention_interval", 4)
    writer.add_uint32(f"{arch}.nextn_predict_layers", AHEAD)
    writer.add_rope_dimension_sections([*config.rope_parameters["mrope_section"], 0])
    if arch == "qwen35moe":
        writer.add_expert_count(config.num_experts)
        writer.add_expert_used_count(config.num_experts_per_tok)
        writer.add_expert_feed_forward_length(config.moe_intermediate_size)
        writer.add_expert_shared_feed_forward_length(config.shared_expert_intermediate_size)


def tiled(w, config, width, axis=0):
    """Value heads from grouped (by key head) to tiled order along an axis."""
    groups, each = config.linear_num_key_heads, config.linear_num_value_heads // config.linear_num_key_heads
    w = np.moveaxis(w, axis, 0)
    w = w.reshape(groups, each, width, *w.shape[1:]).swapaxes(0, 1).reshape(w.shape)
    return np.ascontiguousarray(np.moveaxis(w, 0, axis))


def tensors(name, w, config):
    """The GGUF tensors that a parameter becomes."""
    if name in OUTSIDE:
        return [(OUTSIDE[name], w + np.float32(1) if name == "model.norm.weight" else w)]
    _, _, layer, rest = name.split(".", 3)
    value, keys = config.linear_value_head_dim, 2 * config.linear_num_key_heads * config.linear_key_head_dim
    if rest == "mlp.experts.gate_up_proj":
        gate, up = np.split(w, 2, axis=1)
        return [(f"blk.{layer}.ffn_gate_exps.weight", gate), (f"blk.{layer}.ffn_up_exps.weight", up)]
    if rest.endswith("norm.weight") and rest != "linear_attn.norm.weight":
        w = w + np.float32(1)
    elif rest == "linear_attn.conv1d.weight":
        w = w.squeeze(1)
        w = np.concatenate([w[:keys], tiled(w[keys:], config, value)])
    elif rest == "linear_attn.in_proj_qkv.weight":
        w = np.concatenate([w[:keys], tiled(w[keys:], config, value)])
    elif rest == "linear_attn.in_proj_z.weight":
        w = tiled(w, config, value)
    elif rest == "linear_attn.out_proj.weight":
        w = tiled(w, config, value, axis=1)
    elif rest in ("linear_attn.in_proj_a.weight", "linear_attn.in_proj_b.weight", "linear_attn.dt_bias"):
        w = tiled(w, config, 1)
    elif rest == "linear_attn.A_log":
        w = tiled(-np.exp(w), config, 1)
    return [(f"blk.{layer}.{NAMES[rest]}", w)]


def layer_ahead(config):
    """Tensors of the layer that the decoder leaves alone (some of them are enough)."""
    noise = np.random.default_rng(5).normal(size=(config.hidden_size, 2 * config.hidden_size)).astype(np.float32)
    layer = config.num_hidden_layers
    return [(f"blk.{layer}.nextn.eh_proj.weight", noise), (f"blk.{layer}.nextn.enorm.weight", noise[0]),
            (f"blk.{layer}.attn_norm.weight", noise[0, :config.hidden_size])]
