"""Gemma 3 and 4 with eyes."""
import json

import torch
import transformers

from tiny_vision_family import Family

BEGIN, END, IMAGE, START = 10, 11, 12, 2


def spread_ids(count):
    return [BEGIN] + [IMAGE] * count + [END]


def pixels_of(processed, ids):
    if processed is None:
        return {}
    return {"pixel_values": processed["pixel_values"], "token_type_ids": torch.tensor([[int(i == IMAGE) for i in ids]])}


def siglip_stages(depth):
    tower = "model.vision_tower"
    return {"embedded": f"{tower}.embeddings", "block0": f"{tower}.encoder.layers.0", "block1": f"{tower}.encoder.layers.1",
            "last_block": f"{tower}.encoder.layers.{depth - 1}", "merged": "model.multi_modal_projector"}


def gemma4_pixels(processed, ids):
    if processed is None:
        return {}
    return {"pixel_values": processed["pixel_values"], "image_position_ids": processed["image_position_ids"],
            "mm_token_type_ids": torch.tensor([[int(i == IMAGE) for i in ids]])}


def gemma4_facts(made):
    columns, rows = (made["image_position_ids"][0].amax(0) + 1).tolist()
    return {"grid": [1, rows, columns]}


def gemma4_rows(v, facts):
    """Without what pads the pictures of a batch."""
    _, rows, columns = facts["grid"]
    return v.reshape(-1, v.shape[-1])[:rows * columns]


def gemma4_buffer(name, b, generator):
    noise = torch.randn(b.shape, generator=generator)
    if name.endswith("_min"):
        return -2.5 + 0.2 * noise
    if name.endswith("_max"):
        return 2.5 + 0.2 * noise
    return 0.2 * noise + (0.0 if name.endswith("std_bias") else 0.8 if name.endswith("layer_scalar") else 1.0)


def gemma4_text(**changes):
    return dict(vocab_size=200, hidden_size=32, intermediate_size=24, num_attention_heads=2, num_key_value_heads=1,
                head_dim=8, global_head_dim=16, max_position_embeddings=512, rms_norm_eps=1e-6, bos_token_id=START,
                eos_token_id=1, pad_token_id=0, vocab_size_per_layer_input=200, tie_word_embeddings=True,
                rope_parameters={"sliding_attention": {"rope_type": "default", "rope_theta": 10000.0},
                                 "full_attention": {"rope_type": "proportional", "partial_rotary_factor": 0.25,
                                                    "rope_theta": 1000000.0}}) | changes


def gemma4_config(text, **vision):
    return transformers.Gemma4Config(
        text_config=text, audio_config=None, boi_token_id=BEGIN, eoi_token_id=END, image_token_id=IMAGE,
        video_token_id=13, boa_token_id=14, eoa_token_index=15, audio_token_id=16,
        vision_config=dict(hidden_size=24, intermediate_size=36, num_hidden_layers=2, num_attention_heads=2,
                           num_key_value_heads=2, head_dim=12, patch_size=4, pooling_kernel_size=3,
                           position_embedding_size=64) | vision)


def published_spelling(config):
    """One size of heads for all full layers, as published; transformers 5.23 saves it layer by layer."""
    text = config["text_config"]
    other = {json.dumps(v, sort_keys=True) for v in text.pop("per_layer_config").values()}
    assert len(other) == 1
    for key, value in json.loads(other.pop()).items():
        text[f"global_{key}" if key == "head_dim" else f"num_global_{key.removeprefix('num_')}"] = value


def gemma4_family(text, embedding=0.15, publish=lambda config: None, **vision):
    tower = "model.vision_tower"
    return Family(
        seeds=4, embedding=embedding, publish=publish,
        config=lambda: gemma4_config(text, **vision), model_type=transformers.Gemma4ForConditionalGeneration,
        processor=lambda: transformers.models.gemma4.Gemma4ImageProcessorPil(patch_size=4, max_soft_tokens=70),
        images=[(60, 80), (170, 40)], vocabulary=200, start=[START], pictures=(12, 13, 16),
        expand=lambda made: spread_ids(int(made["num_soft_tokens_per_image"][0])), inputs=gemma4_pixels, facts=gemma4_facts,
        stages={"embedded": f"{tower}.patch_embedder", "block0": f"{tower}.encoder.layers.0",
                "block1": f"{tower}.encoder.layers.1", "pooled": tower, "merged": "model.embed_vision"},
        rows=gemma4_rows, buffers=r"(layer_scalar|std_bias|std_scale|put_min|put_max)$", buffer=gemma4_buffer, gguf="gemma4v")


GEMMA = {
    # embeddings per layer, keys and values shared by the last layers, wide networks there, causal, clipped
    "gemma4": gemma4_family(
        gemma4_text(num_hidden_layers=5, hidden_size_per_layer_input=8, num_kv_shared_layers=2, use_double_wide_mlp=True,
                    sliding_window=12, final_logit_softcapping=5.0,
                    layer_types=["sliding_attention", "full_attention", "sliding_attention", "sliding_attention", "full_attention"]),
        publish=published_spelling, use_clipped_linears=True),
    # pictures seen both ways, longer than the window; keys that are the values; standardised features
    "gemma4_both_ways": gemma4_family(
        gemma4_text(num_hidden_layers=4, hidden_size_per_layer_input=0, num_kv_shared_layers=0, sliding_window=40,
                    attention_k_eq_v=True, num_global_key_value_heads=1, num_key_value_heads=2, use_bidirectional_attention="vision",
                    layer_types=["sliding_attention", "sliding_attention", "full_attention", "full_attention"]),
        embedding=0.05, standardize=True),
    # pictures longer than the window, one full layer, scores scaled by another number than the head's
    "gemma3": Family(
        config=lambda: transformers.Gemma3Config(
            text_config=dict(vocab_size=200, hidden_size=32, intermediate_size=40, num_hidden_layers=4, num_attention_heads=2,
                             num_key_value_heads=1, head_dim=12, query_pre_attn_scalar=20, sliding_window=10,
                             max_position_embeddings=512, bos_token_id=START, eos_token_id=1, pad_token_id=0,
                             layer_types=["sliding_attention", "sliding_attention", "full_attention", "sliding_attention"],
                             rope_parameters=dict(full_attention=dict(rope_type="linear", rope_theta=1000000.0, factor=8.0),
                                                  sliding_attention=dict(rope_type="default", rope_theta=10000.0))),
            vision_config=dict(hidden_size=24, intermediate_size=36, num_hidden_layers=3, num_attention_heads=2,
                               image_size=56, patch_size=7, vision_use_head=False),
            mm_tokens_per_image=16, boi_token_index=BEGIN, eoi_token_index=END, image_token_index=IMAGE),
        model_type=transformers.Gemma3ForConditionalGeneration,
        processor=lambda: transformers.models.gemma3.Gemma3ImageProcessorPil(size={"height": 56, "width": 56}),
        seeds=4, embedding=0.05, images=[(60, 80), (90, 31)], vocabulary=200, start=[START], pictures=(IMAGE,), expand=lambda made: spread_ids(16),
        inputs=pixels_of, stages=siglip_stages(3), facts=lambda made: {"grid": [1, 8, 8]},
        lacks_one=r"(language_model\..*norm|mm_soft_emb_norm)\.weight$", gguf="gemma3"),
}
