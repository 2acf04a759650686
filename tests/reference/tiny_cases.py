"""The tiny checkpoints that tiny_models.py makes: one per branch of a family's mathematics."""
import dataclasses

import gguf
import torch
import transformers

F32, F16, BF16 = (gguf.GGMLQuantizationType[name] for name in ("F32", "F16", "BF16"))


def unchanged(model):
    pass


def no_keys(writer, arch):
    pass


@dataclasses.dataclass
class Case:
    config_type: type
    kind: gguf.GGMLQuantizationType
    shape: dict
    prompt: int = 90  # tokens of the prompt
    new: int = 16  # greedy tokens after it
    context: int = 0  # what the model is opened for where the mathematics depends on it
    own: dict = dataclasses.field(default_factory=dict)  # deskhand.* keys, which no public directory can say
    change: object = unchanged  # makes the model do what `own` says
    more_keys: object = no_keys  # writes more keys into the GGUF file
    also: dict = dataclasses.field(default_factory=dict)  # other prompts for the same model

    def config(self):
        return self.config_type(**self.shape)

    @property
    def is_public(self):
        return not self.own


def base(**changes):
    shape = dict(vocab_size=101, hidden_size=48, intermediate_size=76, num_hidden_layers=2, num_attention_heads=6,
                 num_key_value_heads=2, max_position_embeddings=128, rms_norm_eps=1e-5, bos_token_id=1, eos_token_id=2,
                 pad_token_id=0, attn_implementation="eager")
    shape.update(changes)
    return shape


def small(**changes):
    return base(vocab_size=67, hidden_size=32, intermediate_size=37, num_attention_heads=4, max_position_embeddings=256,
                **changes)


def hybrid(**changes):
    return dict(vocab_size=67, hidden_size=32, max_position_embeddings=256, rms_norm_eps=1e-5, bos_token_id=1,
                eos_token_id=2, pad_token_id=0, attn_implementation="eager", rope_parameters=dict(
                    rope_type="default", rope_theta=10000.0, partial_rotary_factor=0.25,
                    mrope_section=[1, 1, 0])) | changes


def llama3_rope(theta):
    return dict(rope_type="llama3", rope_theta=theta, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
                original_max_position_embeddings=32)


# Our own switches: two stripes between full layers, two networks for four layers, other frequencies rescaled.
STRIPES, SHARED, THETA0, ALPHA, BETA, BLOCK = [-1, 0, 1, -1], [0, 0, 2, 2], 0.75, 0.015625, 2.0, 64


def stripe_mask(length, parity):
    """Added to scores: query block q sees key block j iff j = q or (q − j) mod 2 = parity."""
    at = torch.arange(length)
    apart = at[:, None] // BLOCK - at[None] // BLOCK
    seen = (at[None] <= at[:, None]) & ((apart == 0) | (apart % 2 == parity))
    return torch.zeros(length, length).masked_fill(~seen, torch.finfo(torch.float32).min)[None, None]


def switch(model):
    rotary = model.model.rotary_emb
    pairs = torch.arange(rotary.inv_freq.numel(), dtype=torch.float64) / rotary.inv_freq.numel()
    rotary.inv_freq = (THETA0 * ALPHA**pairs / BETA).float()
    for layer, parity, owner in zip(model.model.layers, STRIPES, SHARED):
        layer.mlp = model.model.layers[owner].mlp
        if parity >= 0:
            attend = layer.self_attn.forward

            def striped(hidden_states, attention_mask=None, attend=attend, parity=parity, **rest):
                return attend(hidden_states=hidden_states,
                              attention_mask=stripe_mask(hidden_states.shape[1], parity), **rest)

            layer.self_attn.forward = striped


CASES = {
    # three query heads per key-value head, tied, rotary divisors
    "llama_tied_llama3": Case(transformers.LlamaConfig, F16, base(
        tie_word_embeddings=True, rope_parameters=llama3_rope(10000.0))),
    # one key-value head, sizes that are multiples of nothing, linear scaling
    "llama_mqa_linear": Case(transformers.LlamaConfig, F32, base(
        hidden_size=50, num_attention_heads=5, num_key_value_heads=1, intermediate_size=37, tie_word_embeddings=False,
        rope_parameters=dict(rope_type="linear", rope_theta=5000.0, factor=2.5))),
    # as many key-value heads as query heads, positions beyond the original length
    "llama_yarn": Case(transformers.LlamaConfig, BF16, small(
        num_key_value_heads=4, tie_word_embeddings=True, head_dim=16, rope_parameters=dict(
            rope_type="yarn", rope_theta=100.0, factor=4.0, original_max_position_embeddings=40, beta_fast=2.0,
            beta_slow=0.5)), prompt=150),
    # the long list beyond the original length, the short one within it
    "llama_longrope": Case(transformers.LlamaConfig, F16, small(
        tie_word_embeddings=True, rope_parameters=dict(
            rope_type="longrope", rope_theta=1000.0, original_max_position_embeddings=48,
            short_factor=[1.0, 1.25, 1.5, 2.0], long_factor=[1.5, 2.5, 4.0, 7.0])), prompt=150, context=200,
        also={"llama_longrope_short": Case(transformers.LlamaConfig, F16, {}, prompt=40, new=8, context=48)}),
    # a context beyond the trained length: one forward pass of exactly that many tokens
    "llama_dynamic": Case(transformers.LlamaConfig, BF16, small(
        tie_word_embeddings=True, rope_parameters=dict(rope_type="dynamic", rope_theta=300.0, factor=3.0))
        | dict(max_position_embeddings=64), prompt=150, new=0, context=150),
    # a window on every layer
    "mistral": Case(transformers.MistralConfig, F16, small(
        num_key_value_heads=1, head_dim=10, sliding_window=20, tie_word_embeddings=False,
        rope_parameters=dict(rope_type="default", rope_theta=10000.0)), prompt=150),
    # every switch of our own
    "llama_switches": Case(transformers.LlamaConfig, F16, small(
        num_hidden_layers=4, tie_word_embeddings=True, rope_parameters=dict(
            rope_type="linear", rope_theta=10000.0, factor=BETA)) | dict(max_position_embeddings=320), prompt=280, change=switch,
        own={"rope.theta0": THETA0, "rope.alpha": ALPHA, "attention.stripe": STRIPES, "ffn.shared_with": SHARED}),
    # biases
    "qwen2": Case(transformers.Qwen2Config, BF16, base(
        hidden_size=60, intermediate_size=53, tie_word_embeddings=False, use_sliding_window=False,
        rope_parameters=dict(rope_type="default", rope_theta=1000000.0))),
    # a window on the later layers
    "qwen2_window": Case(transformers.Qwen2Config, F16, small(
        num_hidden_layers=3, num_key_value_heads=1, tie_word_embeddings=True, use_sliding_window=True,
        sliding_window=20, max_window_layers=1, rope_parameters=dict(rope_type="default", rope_theta=1000000.0)),
        prompt=150),
    # norms on heads that are wider than width / heads
    "qwen3": Case(transformers.Qwen3Config, BF16, base(
        vocab_size=67, hidden_size=40, intermediate_size=45, num_attention_heads=6, head_dim=12,
        tie_word_embeddings=False, rope_parameters=dict(rope_type="default", rope_theta=1000000.0))),
    # the fourth of five layers does not turn
    "smollm3": Case(transformers.SmolLM3Config, BF16, small(
        num_hidden_layers=5, tie_word_embeddings=True, rope_parameters=dict(
            rope_type="default", rope_theta=10000.0)), prompt=100),
    # three value heads per key head, one gated attention layer among delta nets, a quarter of each head turns
    "qwen35": Case(transformers.Qwen3_5TextConfig, BF16, hybrid(
        num_hidden_layers=5, intermediate_size=37, num_attention_heads=3, num_key_value_heads=1, head_dim=16,
        tie_word_embeddings=True, linear_num_key_heads=2, linear_num_value_heads=6, linear_key_head_dim=8,
        linear_value_head_dim=8, linear_conv_kernel_dim=4), prompt=150),
    # experts; value heads wider than key heads
    "qwen35moe": Case(transformers.Qwen3_5MoeTextConfig, F16, hybrid(
        num_hidden_layers=4, num_attention_heads=4, num_key_value_heads=2, head_dim=12, tie_word_embeddings=False,
        linear_num_key_heads=2, linear_num_value_heads=4, linear_key_head_dim=6, linear_value_head_dim=10,
        linear_conv_kernel_dim=3, num_experts=5, num_experts_per_tok=2, moe_intermediate_size=11,
        shared_expert_intermediate_size=13, layer_types=["linear_attention", "full_attention"] * 2,
        rope_parameters=dict(rope_type="default", rope_theta=10000.0, partial_rotary_factor=0.5,
                             mrope_section=[1, 1, 1])), prompt=150),
    # one full layer among windows shorter than the prompt, heads wider than width / heads, own score scale
    "gemma3": Case(transformers.Gemma3TextConfig, BF16, base(
        hidden_size=36, intermediate_size=40, num_hidden_layers=7, num_attention_heads=3, num_key_value_heads=1,
        head_dim=16, sliding_window=8, query_pre_attn_scalar=20, tie_word_embeddings=True, rms_norm_eps=1e-6,
        hidden_activation="gelu_pytorch_tanh", final_logit_softcapping=None,
        layer_types=["sliding_attention"] * 5 + ["full_attention", "sliding_attention"],
        rope_parameters=dict(full_attention=dict(rope_type="linear", rope_theta=1000000.0, factor=4.0),
                             sliding_attention=dict(rope_type="default", rope_theta=10000.0)))),
    # two query heads per key-value head, other bases, capped logits, the full layer first
    "gemma3_capped": Case(transformers.Gemma3TextConfig, F16, small(
        num_hidden_layers=3, num_key_value_heads=2, head_dim=10, sliding_window=20, query_pre_attn_scalar=10,
        tie_word_embeddings=True, hidden_activation="gelu_pytorch_tanh", final_logit_softcapping=2.5,
        layer_types=["full_attention", "sliding_attention", "sliding_attention"],
        rope_parameters=dict(full_attention=dict(rope_type="default", rope_theta=50000.0),
                             sliding_attention=dict(rope_type="default", rope_theta=300.0))), prompt=150),
}
