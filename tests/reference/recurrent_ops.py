#!/usr/bin/env python3
"""What transformers computes in a gated delta net and in a mixture of experts, for the ops of kernels/.

    pip install torch transformers==5.23.0
    python3 tests/reference/recurrent_ops.py tests/kernels/fixtures

Writes delta_net.bin and experts.bin: matrices {u32 rows, u32 columns, f32 values…}, in the order of the calls of `save`.
Every parameter is random.
"""
import pathlib
import struct
import sys

import torch
from transformers.models.qwen3_5 import modeling_qwen3_5 as dense
from transformers.models.qwen3_5_moe import modeling_qwen3_5_moe as moe

ROWS, KEY_HEADS, VALUE_HEADS, KEY_DIM, VALUE_DIM, KERNEL = 70, 2, 4, 8, 12, 4
TOKENS, HIDDEN, EXPERTS, INNER, CHOSEN = 9, 24, 6, 10, 2


def save(file, matrix):
    matrix = matrix.detach().float().reshape(-1, matrix.shape[-1]).contiguous()
    file.write(struct.pack("<II", *matrix.shape) + matrix.numpy().astype("<f4").tobytes())


def delta_net(file):
    config = dense.Qwen3_5TextConfig(
        hidden_size=16, num_hidden_layers=1, layer_types=["linear_attention"], linear_num_key_heads=KEY_HEADS,
        linear_num_value_heads=VALUE_HEADS, linear_key_head_dim=KEY_DIM, linear_value_head_dim=VALUE_DIM,
        linear_conv_kernel_dim=KERNEL)
    layer = dense.Qwen3_5GatedDeltaNet(config, 0).float()
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter)
    u = torch.randn(1, ROWS, layer.conv_dim)
    a, b = torch.randn(1, ROWS, VALUE_HEADS), 2 * torch.randn(1, ROWS, VALUE_HEADS)
    y = dense.causal_conv1d_fn(u.transpose(1, 2), layer.conv1d.weight.squeeze(1), None, "silu").transpose(1, 2)
    q, k, v = torch.split(y, [layer.key_dim, layer.key_dim, layer.value_dim], dim=-1)
    arguments = dict(query=q.reshape(1, ROWS, -1, KEY_DIM), key=k.reshape(1, ROWS, -1, KEY_DIM),
                     value=v.reshape(1, ROWS, -1, VALUE_DIM), beta=b.sigmoid(),
                     g=-layer.A_log.exp() * torch.nn.functional.softplus(a + layer.dt_bias), output_final_state=True,
                     use_qk_l2norm_in_kernel=True)
    recurrent, state = dense.torch_recurrent_gated_delta_rule(**arguments)
    chunked, chunked_state = dense.torch_chunk_gated_delta_rule(**arguments)
    assert torch.allclose(recurrent, chunked, atol=1e-5) and torch.allclose(state, chunked_state, atol=1e-5)
    for matrix in (u, a, b, layer.conv1d.weight.squeeze(1), layer.A_log[None], layer.dt_bias[None], y,
                   recurrent.reshape(ROWS, -1), chunked.reshape(ROWS, -1), state):
        save(file, matrix)


def experts(file):
    config = moe.Qwen3_5MoeTextConfig(hidden_size=HIDDEN, moe_intermediate_size=INNER, num_experts=EXPERTS,
                                      num_experts_per_tok=CHOSEN)
    config._experts_implementation = "eager"
    router, block = moe.Qwen3_5MoeTopKRouter(config).float(), moe.Qwen3_5MoeExperts(config).float()
    for parameter in [*router.parameters(), *block.parameters()]:
        torch.nn.init.normal_(parameter, std=0.5)
    x = torch.randn(TOKENS, HIDDEN)
    logits, weights, ids = router(x)
    for matrix in (x, router.weight, block.gate_up_proj, block.down_proj, x @ router.weight.T, ids, weights,
                   block(x, ids, weights)):
        save(file, matrix)


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    torch.manual_seed(35)
    with torch.no_grad():
        for name, write in (("delta_net", delta_net), ("experts", experts)):
            with (folder / f"{name}.bin").open("wb") as out:
                write(out)
