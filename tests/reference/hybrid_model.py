#!/usr/bin/env python3
"""A random model of the family qwen35, large enough to measure with: 9 gated delta nets and 3 layers of full attention.

    pip install gguf numpy
    python3 tests/reference/hybrid_model.py OUT.gguf [TOKENIZER.gguf]

150 million parameters in F16, 32,000 tokens. TOKENIZER.gguf lends its vocabulary, which llama.cpp wants to have.
"""
import sys

import gguf
import numpy as np

LAYERS, WIDTH, INNER, HEADS, KV_HEADS, HEAD = 12, 768, 2304, 8, 2, 128
KEY_HEADS, VALUE_HEADS, STATE, TAPS = 8, 16, 64, 4
VOCABULARY, CONTEXT = 32000, 32768


def write_keys(writer):
    writer.add_name("hybrid")
    writer.add_vocab_size(VOCABULARY)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_key_length(HEAD)
    writer.add_value_length(HEAD)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(1e7)
    writer.add_rope_dimension_count(HEAD // 4)
    writer.add_rope_dimension_sections([6, 5, 5, 0])
    writer.add_ssm_conv_kernel(TAPS)
    writer.add_ssm_state_size(STATE)
    writer.add_ssm_group_count(KEY_HEADS)
    writer.add_ssm_time_step_rank(VALUE_HEADS)
    writer.add_ssm_inner_size(VALUE_HEADS * STATE)
    writer.add_uint32("qwen35.full_attention_interval", 4)


def lend_vocabulary(writer, path):
    lender = gguf.GGUFReader(path)
    text = lambda key: lender.fields[key].contents()
    writer.add_tokenizer_model(text("tokenizer.ggml.model"))
    writer.add_tokenizer_pre(text("tokenizer.ggml.pre"))
    tokens = text("tokenizer.ggml.tokens")[:VOCABULARY]
    if len(tokens) < VOCABULARY:
        sys.exit(f"{path} has {len(tokens)} tokens, fewer than {VOCABULARY}")
    known = set(tokens)
    writer.add_token_list(tokens)
    writer.add_token_types(text("tokenizer.ggml.token_type")[:VOCABULARY])
    writer.add_token_merges([m for m in text("tokenizer.ggml.merges") if set([*m.split(" "), m.replace(" ", "")]) <= known])
    writer.add_eos_token_id(0)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    writer = gguf.GGUFWriter(sys.argv[1], "qwen35")
    write_keys(writer)
    if len(sys.argv) > 2:
        lend_vocabulary(writer, sys.argv[2])
    rng = np.random.default_rng(1)

    def matrix(name, rows, cols):
        writer.add_tensor(name + ".weight", (rng.standard_normal((rows, cols), dtype=np.float32) / cols**0.5).astype(np.float16))

    def vector(name, values):
        writer.add_tensor(name, values.astype(np.float32))

    matrix("token_embd", VOCABULARY, WIDTH)
    matrix("output", VOCABULARY, WIDTH)
    vector("output_norm.weight", np.ones(WIDTH))
    keys, values = KEY_HEADS * STATE, VALUE_HEADS * STATE
    for i in range(LAYERS):
        at = f"blk.{i}."
        vector(at + "attn_norm.weight", np.ones(WIDTH))
        vector(at + "post_attention_norm.weight", np.ones(WIDTH))
        for name, rows, cols in (("ffn_gate", INNER, WIDTH), ("ffn_up", INNER, WIDTH), ("ffn_down", WIDTH, INNER)):
            matrix(at + name, rows, cols)
        if (i + 1) % 4 == 0:
            matrix(at + "attn_q", 2 * HEADS * HEAD, WIDTH)
            matrix(at + "attn_k", KV_HEADS * HEAD, WIDTH)
            matrix(at + "attn_v", KV_HEADS * HEAD, WIDTH)
            matrix(at + "attn_output", WIDTH, HEADS * HEAD)
            vector(at + "attn_q_norm.weight", np.ones(HEAD))
            vector(at + "attn_k_norm.weight", np.ones(HEAD))
            continue
        matrix(at + "attn_qkv", 2 * keys + values, WIDTH)
        matrix(at + "attn_gate", values, WIDTH)
        matrix(at + "ssm_alpha", VALUE_HEADS, WIDTH)
        matrix(at + "ssm_beta", VALUE_HEADS, WIDTH)
        matrix(at + "ssm_out", WIDTH, values)
        vector(at + "ssm_conv1d.weight", rng.standard_normal((2 * keys + values, TAPS)) * 0.5)
        vector(at + "ssm_a", -np.exp(rng.standard_normal(VALUE_HEADS)))
        vector(at + "ssm_dt.bias", rng.standard_normal(VALUE_HEADS))
        vector(at + "ssm_norm.weight", np.ones(STATE))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main()
