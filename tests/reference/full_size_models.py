#!/usr/bin/env python3
"""Random models that see, in the exact shapes of published ones: what a run costs does not depend on what weights say.

    pip install gguf numpy
    python3 tests/reference/full_size_models.py [--layers N] OUT_FOLDER SHAPE [TOKENIZER.gguf]

SHAPE: qwen3.5-0.8b, qwen3.5-4b or qwen2.5-vl-3b. Writes text.gguf (matrices in Q8_0) and mmproj.gguf (in F16), as
llama.cpp's converter does but for the layer that predicts tokens ahead. TOKENIZER.gguf lends its vocabulary, which must
have the tokens around pictures, and is filled up with unused ones (default: Qwen2.5 Coder of ~/.cache/deskhand/models).
--layers leaves out all but so many layers, of the eyes too, for a quick look.
"""
import argparse
import math
import pathlib

import gguf
import numpy as np

Q8_0 = gguf.GGMLQuantizationType.Q8_0
LENDER = pathlib.Path.home() / ".cache/deskhand/models/qwen2.5-coder-0.5b.gguf"
TEMPLATE = """{%- for message in messages %}
{{- '<|im_start|>' + message.role + '\\n' }}
{%- if message.content is string %}
{{- message.content }}
{%- else %}
{%- for part in message.content %}
{{- '<|vision_start|><|image_pad|><|vision_end|>' if part.type == 'image' else part.text }}
{%- endfor %}
{%- endif %}
{{- '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
{{- '<|im_start|>assistant\\n' }}
{%- endif %}"""

QWEN35 = dict(family="qwen35", vocabulary=248320, context=262144, rope=1e7, sections=[11, 11, 10, 0], head=256, state=128,
              taps=4, patch=16, positions=48, projector="qwen3vl_merger", mean=[0.5] * 3, deviation=[0.5] * 3)
SHAPES = {
    "qwen3.5-0.8b": QWEN35 | dict(width=1024, layers=24, inner=3584, heads=8, kv_heads=2, key_heads=16, value_heads=16,
                                  eye_width=768, eye_layers=12, eye_heads=12, eye_inner=3072),
    "qwen3.5-4b": QWEN35 | dict(width=2560, layers=32, inner=9216, heads=16, kv_heads=4, key_heads=16, value_heads=32,
                                eye_width=1024, eye_layers=24, eye_heads=16, eye_inner=4096),
    "qwen2.5-vl-3b": dict(family="qwen2vl", vocabulary=151936, context=128000, rope=1e6, sections=[16, 24, 24, 0], head=128,
                          width=2048, layers=36, inner=11008, heads=16, kv_heads=2, eye_width=1280, eye_layers=32,
                          eye_heads=16, eye_inner=3420, patch=14, positions=0, projector="qwen2.5vl_merger",
                          mean=[0.48145466, 0.4578275, 0.40821073], deviation=[0.26862954, 0.26130258, 0.27577711]),
}


class Stream:
    """A file whose tensors are made when they are written."""

    def __init__(self, path, architecture):
        self.keys = gguf.GGUFWriter(path, architecture)
        self.makers = []
        self.rng = np.random.default_rng(1)

    def add(self, name, shape, dtype, make):
        size = math.prod(shape) * np.dtype(dtype).itemsize
        self.keys.add_tensor_info(name, shape, np.dtype(dtype), size, Q8_0 if dtype == np.uint8 else None)
        self.makers.append(make)

    def q8_matrix(self, name, rows, columns):
        scale = np.array([1 / (73.3 * columns**0.5)], dtype=np.float16).view(np.uint8)  # 73.3: the quants' deviation

        def make():
            blocks = self.rng.integers(-127, 128, (rows, columns // 32, 34), dtype=np.int8).view(np.uint8)
            blocks[:, :, :2] = scale
            return blocks.reshape(rows, -1)

        self.add(f"{name}.weight", (rows, columns // 32 * 34), np.uint8, make)

    def f16_kernel(self, name, *shape):
        made = lambda: self.rng.standard_normal(shape, dtype=np.float32) / math.prod(shape[1:]) ** 0.5
        self.add(name, shape, np.float16, lambda: made().astype(np.float16))

    def f32(self, name, shape, make):
        self.add(name, shape, np.float32, lambda: np.asarray(make(shape), dtype=np.float32))

    def ones(self, name, size):
        self.f32(f"{name}.weight", (size,), np.ones)

    def bias(self, name, size):
        self.f32(f"{name}.bias", (size,), np.zeros)

    def finish(self):
        self.keys.write_header_to_file()
        self.keys.write_kv_data_to_file()
        self.keys.write_ti_data_to_file()
        for make in self.makers:
            self.keys.write_tensor_data(make())
        self.keys.close()


def lend_vocabulary(writer, path, size):
    lender = gguf.GGUFReader(path)
    field = lambda key: lender.fields[f"tokenizer.ggml.{key}"].contents()
    tokens, types = field("tokens"), field("token_type")
    missing = {"<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|image_pad|>", "<|vision_end|>"} - set(tokens)
    if missing or len(tokens) > size:
        raise SystemExit(f"{path}: {len(tokens)} tokens for {size} places, without {sorted(missing)}")
    more = range(len(tokens), size)
    writer.add_tokenizer_model(field("model"))
    writer.add_tokenizer_pre(field("pre"))
    writer.add_token_list(tokens + [f"[PAD{i}]" for i in more])
    writer.add_token_types(types + [gguf.TokenType.UNUSED] * len(more))
    writer.add_token_merges(field("merges"))
    writer.add_eos_token_id(tokens.index("<|im_end|>"))
    writer.add_add_bos_token(False)
    writer.add_chat_template(TEMPLATE)


def text_keys(writer, s, layers):
    writer.add_vocab_size(s["vocabulary"])
    writer.add_context_length(s["context"])
    writer.add_embedding_length(s["width"])
    writer.add_block_count(layers)
    writer.add_feed_forward_length(s["inner"])
    writer.add_head_count(s["heads"])
    writer.add_head_count_kv(s["kv_heads"])
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(s["rope"])
    writer.add_rope_dimension_sections(s["sections"])
    if s["family"] == "qwen35":
        writer.add_key_length(s["head"])
        writer.add_value_length(s["head"])
        writer.add_rope_dimension_count(s["head"] // 4)
        writer.add_ssm_conv_kernel(s["taps"])
        writer.add_ssm_state_size(s["state"])
        writer.add_ssm_group_count(s["key_heads"])
        writer.add_ssm_time_step_rank(s["value_heads"])
        writer.add_ssm_inner_size(s["value_heads"] * s["state"])
        writer.add_uint32("qwen35.full_attention_interval", 4)


def full_attention(out, at, s):
    gated = s["family"] == "qwen35"
    width, kv = s["width"], s["kv_heads"] * s["head"]
    for name, rows in (("q", s["heads"] * s["head"] * (2 if gated else 1)), ("k", kv), ("v", kv)):
        out.q8_matrix(f"{at}attn_{name}", rows, width)
        if not gated:
            out.bias(f"{at}attn_{name}", rows)
        elif name != "v":
            out.ones(f"{at}attn_{name}_norm", s["head"])
    out.q8_matrix(f"{at}attn_output", width, s["heads"] * s["head"])


def delta_net(out, at, s):
    heads, values, width = s["value_heads"], s["value_heads"] * s["state"], s["width"]
    mixed = 2 * s["key_heads"] * s["state"] + values
    out.q8_matrix(f"{at}attn_qkv", mixed, width)
    out.q8_matrix(f"{at}attn_gate", values, width)
    out.q8_matrix(f"{at}ssm_alpha", heads, width)
    out.q8_matrix(f"{at}ssm_beta", heads, width)
    out.q8_matrix(f"{at}ssm_out", width, values)
    out.f32(f"{at}ssm_conv1d.weight", (mixed, s["taps"]), lambda shape: out.rng.standard_normal(shape) * 0.5)
    out.f32(f"{at}ssm_a", (heads,), lambda shape: -np.exp(out.rng.standard_normal(shape)))
    out.f32(f"{at}ssm_dt.bias", (heads,), out.rng.standard_normal)
    out.ones(f"{at}ssm_norm", s["state"])


def write_text(path, name, s, layers, lender):
    out = Stream(path, s["family"])
    out.keys.add_name(name)
    text_keys(out.keys, s, layers)
    lend_vocabulary(out.keys, lender, s["vocabulary"])
    out.q8_matrix("token_embd", s["vocabulary"], s["width"])
    out.ones("output_norm", s["width"])
    for i in range(layers):
        at = f"blk.{i}."
        hybrid = s["family"] == "qwen35"
        out.ones(f"{at}attn_norm", s["width"])
        out.ones(at + ("post_attention_norm" if hybrid else "ffn_norm"), s["width"])
        (delta_net if hybrid and (i + 1) % 4 else full_attention)(out, at, s)
        out.q8_matrix(f"{at}ffn_gate", s["inner"], s["width"])
        out.q8_matrix(f"{at}ffn_up", s["inner"], s["width"])
        out.q8_matrix(f"{at}ffn_down", s["width"], s["inner"])
    out.finish()


def eye_keys(writer, s, layers):
    writer.add_type("mmproj")
    writer.add_bool("clip.has_vision_encoder", True)
    writer.add_string("clip.projector_type", s["projector"])
    writer.add_uint32("clip.vision.image_size", s["positions"] * s["patch"] or 560)
    writer.add_uint32("clip.vision.patch_size", s["patch"])
    writer.add_uint32("clip.vision.spatial_merge_size", 2)
    writer.add_uint32("clip.vision.embedding_length", s["eye_width"])
    writer.add_uint32("clip.vision.feed_forward_length", s["eye_inner"])
    writer.add_uint32("clip.vision.block_count", layers)
    writer.add_uint32("clip.vision.attention.head_count", s["eye_heads"])
    writer.add_float32("clip.vision.attention.layer_norm_epsilon", 1e-6)
    writer.add_uint32("clip.vision.projection_dim", s["width"])
    writer.add_array("clip.vision.image_mean", s["mean"])
    writer.add_array("clip.vision.image_std", s["deviation"])
    if s["family"] == "qwen35":
        writer.add_bool("clip.use_gelu", True)
        writer.add_array("clip.vision.is_deepstack_layers", [False] * layers)
    else:
        writer.add_bool("clip.use_silu", True)
        writer.add_uint32("clip.vision.n_wa_pattern", min(8, layers))
        writer.add_uint32("clip.vision.window_size", 112)


def write_eyes(path, s, layers):
    out = Stream(path, "clip")
    eye_keys(out.keys, s, layers)
    width, inner, plain = s["eye_width"], s["eye_inner"], s["family"] == "qwen35"

    def linear(name, rows, columns):
        out.f16_kernel(f"{name}.weight", rows, columns)
        out.bias(name, rows)

    def norm(name):  # of layers in Qwen3.5, of root mean squares before
        out.ones(name, width)
        if plain:
            out.bias(name, width)

    for frame in ("", ".1"):
        out.f16_kernel(f"v.patch_embd.weight{frame}", width, 3, s["patch"], s["patch"])
    if plain:
        out.bias("v.patch_embd", width)
        out.f32("v.position_embd.weight", (s["positions"] ** 2, width), lambda shape: out.rng.standard_normal(shape) * 0.02)
    for i in range(layers):
        at = f"v.blk.{i}."
        norm(f"{at}ln1")
        norm(f"{at}ln2")
        for name, rows in [("qkv", 3 * width)] if plain else [("q", width), ("k", width), ("v", width)]:
            linear(f"{at}attn_{name}", rows, width)
        linear(f"{at}attn_out", width, width)
        for name in ("ffn_up",) if plain else ("ffn_up", "ffn_gate"):
            linear(at + name, inner, width)
        linear(f"{at}ffn_down", width, inner)
    norm("v.post_ln")
    linear("mm.0", 4 * width, 4 * width)
    linear("mm.2", s["width"], 4 * width)
    out.finish()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", metavar="OUT_FOLDER", type=pathlib.Path)
    parser.add_argument("shape", metavar="SHAPE", choices=SHAPES)
    parser.add_argument("tokenizer", metavar="TOKENIZER.gguf", nargs="?", type=pathlib.Path, default=LENDER)
    parser.add_argument("--layers", type=int, default=1000)
    options = parser.parse_args()
    shape = SHAPES[options.shape]
    options.folder.mkdir(parents=True, exist_ok=True)
    write_text(options.folder / "text.gguf", options.shape, shape, min(options.layers, shape["layers"]), options.tokenizer)
    write_eyes(options.folder / "mmproj.gguf", shape, min(options.layers, shape["eye_layers"]))


if __name__ == "__main__":
    main()
