"""Names and layouts of tensors: Hugging Face checkpoints against GGUF files."""

LLAMA = {
    "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm", "post_attention_layernorm": "ffn_norm", "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
}
GEMMA3 = LLAMA | {"post_attention_layernorm": "post_attention_norm", "pre_feedforward_layernorm": "ffn_norm",
                  "post_feedforward_layernorm": "post_ffw_norm"}


def gguf_name(name, arch):
    """The GGUF name of a parameter of a transformers model."""
    if name.startswith("model.embed_tokens."):
        return "token_embd.weight"
    if name.startswith("lm_head."):
        return "output.weight"
    if name.startswith("model.norm."):
        return "output_norm.weight"
    _, _, layer, rest = name.split(".", 3)
    stem, kind = rest.rsplit(".", 1)
    return f"blk.{layer}.{(GEMMA3 if arch == 'gemma3' else LLAMA)[stem]}.{kind}"


def permute(w, heads):
    """Rows of queries and keys as the llama architecture stores them: pairs adjacent."""
    return w.reshape(heads, 2, w.shape[0] // heads // 2, *w.shape[1:]).swapaxes(1, 2).reshape(w.shape)


def unpermute(w, heads):
    """The inverse of permute."""
    return w.reshape(heads, w.shape[0] // heads // 2, 2, *w.shape[1:]).swapaxes(1, 2).reshape(w.shape)
