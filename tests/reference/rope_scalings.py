#!/usr/bin/env python3
"""What transformers makes of rotary parameters of every kind.

    python3 tests/reference/rope_scalings.py > tests/core/fixtures/rope_scalings.json

A list of config.json parts with the frequencies and the factor of cos and sin for a context.
"""
import json

import torch
import transformers
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

SHAPE = dict(hidden_size=96, intermediate_size=10, num_hidden_layers=1, num_attention_heads=6, vocab_size=30,
             max_position_embeddings=4096, rms_norm_eps=1e-5)
LISTS = dict(short_factor=[1.0, 1.0, 1.1, 1.2, 1.5, 2.0, 2.5, 3.0], long_factor=[1.0, 1.5, 3.0, 6.0, 9.0, 12.0, 20.0, 30.0])

CASES = [
    (dict(rope_type="linear", factor=8.0), 100),
    (dict(rope_type="linear", factor=0.5, partial_rotary_factor=0.25), 100),
    (dict(rope_type="dynamic", factor=4.0), 4096),
    (dict(rope_type="dynamic", factor=4.0), 4097),
    (dict(rope_type="dynamic", factor=2.0, partial_rotary_factor=0.5), 20000),
    (dict(rope_type="yarn", factor=4.0, original_max_position_embeddings=1024), 100),
    (dict(rope_type="yarn", factor=4.0), 100),
    (dict(rope_type="yarn", factor=None, original_max_position_embeddings=512), 100),
    (dict(rope_type="yarn", factor=16.0, original_max_position_embeddings=256, beta_fast=16.0, beta_slow=2.0), 100),
    (dict(rope_type="yarn", factor=16.0, original_max_position_embeddings=256, truncate=False), 100),
    (dict(rope_type="yarn", factor=16.0, original_max_position_embeddings=256, attention_factor=1.7), 100),
    (dict(rope_type="yarn", factor=16.0, original_max_position_embeddings=256, mscale=0.7, mscale_all_dim=1.3), 100),
    (dict(rope_type="yarn", factor=16.0, original_max_position_embeddings=256, mscale=0.7), 100),
    (dict(rope_type="yarn", factor=0.5, original_max_position_embeddings=256), 100),
    (dict(rope_type="yarn", factor=2.0, original_max_position_embeddings=4), 100),
    (dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
          original_max_position_embeddings=512), 100),
    (dict(rope_type="llama3", factor=32.0, low_freq_factor=1.0, high_freq_factor=4.0), 100),
    (dict(rope_type="longrope", original_max_position_embeddings=1024, **LISTS), 1024),
    (dict(rope_type="longrope", original_max_position_embeddings=1024, **LISTS), 1025),
    (dict(rope_type="longrope", original_max_position_embeddings=1024, factor=32.0, **LISTS), 2000),
    (dict(rope_type="longrope", original_max_position_embeddings=1024, attention_factor=1.2, **LISTS), 2000),
    (dict(rope_type="longrope", factor=0.5, **LISTS), 2000),
]


def main():
    out = []
    for parameters, context in CASES:
        parts = SHAPE | dict(rope_parameters=dict(rope_theta=500.0) | parameters)
        config = transformers.LlamaConfig(**parts)
        frequencies, amplitude = ROPE_INIT_FUNCTIONS[parameters["rope_type"]](config, "cpu", seq_len=context)
        out.append(dict(config=dict(model_type="llama") | parts, context=context, amplitude=float(amplitude),
                        frequencies=[float(f"{f:.9g}") for f in frequencies.tolist()]))
    print(json.dumps(out, separators=(",", ":")))


torch.set_num_threads(1)
main()
