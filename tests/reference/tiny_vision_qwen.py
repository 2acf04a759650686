"""The Qwen towers: any size of picture, rotary positions of three axes."""
import torch
import transformers

from tiny_vision_family import Family

VISION_START, VISION_END, IMAGE, VIDEO = 10, 11, 12, 13


def qwen_expand(made):
    return [VISION_START] + [IMAGE] * (int(made["image_grid_thw"][0].prod()) // 4) + [VISION_END]


def qwen_inputs(processed, ids):
    if processed is None:
        return {}
    return {"pixel_values": processed["pixel_values"], "image_grid_thw": processed["image_grid_thw"],
            "mm_token_type_ids": torch.tensor([[int(i == IMAGE) for i in ids]])}


def qwen_positions(model, processed, ids):
    given = qwen_inputs(processed, ids)
    positions, delta = model.model.get_rope_index(torch.tensor([ids]), image_grid_thw=given["image_grid_thw"],
                                                  mm_token_type_ids=given["mm_token_type_ids"])
    return positions[:, 0].tolist(), delta.item()


def qwen_facts(made):
    return {"grid": made["image_grid_thw"][0].tolist()}


def qwen_stages(depth, merger="model.visual.merger"):
    return {"patch_embed": "model.visual.patch_embed", "block0": "model.visual.blocks.0",
            "block1": "model.visual.blocks.1", "last_block": f"model.visual.blocks.{depth - 1}", "merged": merger}


def qwen_processor(patch, low, high, half=True):
    mean = {"image_mean": [0.5] * 3, "image_std": [0.5] * 3} if half else {}
    return transformers.models.qwen2_vl.Qwen2VLImageProcessorPil(
        patch_size=patch, size={"shortest_edge": low, "longest_edge": high}, **mean)


def ids_of(**more):
    return dict(image_token_id=IMAGE, video_token_id=VIDEO, vision_start_token_id=VISION_START,
                vision_end_token_id=VISION_END) | more


def qwen35_vision(**changes):
    return dict(depth=3, hidden_size=24, intermediate_size=36, num_heads=2, patch_size=8, spatial_merge_size=2,
                temporal_patch_size=2, out_hidden_size=64, num_position_embeddings=25) | changes


def qwen35_decoder(**changes):
    return dict(vocab_size=300, hidden_size=64, num_hidden_layers=3, num_attention_heads=2,
                num_key_value_heads=1, head_dim=32, max_position_embeddings=512, rms_norm_eps=1e-6, eos_token_id=2,
                pad_token_id=0, linear_num_key_heads=2, linear_num_value_heads=4, linear_key_head_dim=8,
                linear_value_head_dim=8, linear_conv_kernel_dim=4,
                layer_types=["linear_attention", "full_attention", "linear_attention"], tie_word_embeddings=True,
                rope_parameters=dict(rope_type="default", rope_theta=10000.0, partial_rotary_factor=0.25,
                                     mrope_section=[2, 1, 1], mrope_interleaved=True)) | changes


def qwen3_vision(**changes):
    return qwen35_vision(depth=5, hidden_size=16, intermediate_size=24, out_hidden_size=32, num_position_embeddings=64,
                         deepstack_visual_indexes=[1, 3, 4]) | changes


def qwen2_vision(**changes):
    return dict(num_heads=2, patch_size=14, spatial_merge_size=2, temporal_patch_size=2) | changes


def small_text(sections, **changes):
    return dict(vocab_size=200, hidden_size=32, intermediate_size=40, num_hidden_layers=2, num_attention_heads=2,
                num_key_value_heads=1, max_position_embeddings=512, rms_norm_eps=1e-6, bos_token_id=1, eos_token_id=2,
                pad_token_id=0, rope_parameters=dict(rope_type="default", rope_theta=10000.0,
                                                     mrope_section=sections)) | changes


def old_spelling(config):
    """The decoder at the root, as in the first releases."""
    text = config.pop("text_config")
    rope = text.pop("rope_parameters")
    text |= {"rope_theta": rope["rope_theta"],
             "rope_scaling": {"type": "mrope", "mrope_section": rope["mrope_section"]}}
    for key in ("model_type", "dtype", "layer_types"):
        text.pop(key, None)
    config["vision_config"].pop("rope_parameters")
    config["vision_config"]["model_type"] = config["model_type"]
    config["torch_dtype"] = config.pop("dtype")
    config |= {k: v for k, v in text.items() if v is not None}


def old_names(name):
    return name.replace("model.visual.", "visual.").replace("model.language_model.", "model.")


QWEN = {
    # hybrid layers, two value heads per key head, positions of three axes, a picture wider and one higher than the table
    "qwen35": Family(
        config=lambda: transformers.Qwen3_5Config(text_config=qwen35_decoder(intermediate_size=40), vision_config=qwen35_vision(),
                                                  tie_word_embeddings=True, **ids_of()),
        model_type=transformers.Qwen3_5ForConditionalGeneration,
        processor=lambda: qwen_processor(8, 1024, 4096),
        images=[(56, 40), (30, 90)], expand=qwen_expand, inputs=qwen_inputs, stages=qwen_stages(3), facts=qwen_facts,
        lacks_one=r"language_model\..*(?<!linear_attn\.)norm\.weight$", positions=qwen_positions,
        pixels=lambda made: made["pixel_values"], seeds=8, gguf="qwen3vl_merger"),
    # the same with experts, vectors of the pictures among them
    "qwen35moe": Family(
        config=lambda: transformers.Qwen3_5MoeConfig(
            text_config=qwen35_decoder(vocab_size=200, hidden_size=32, tie_word_embeddings=False,
                                    moe_intermediate_size=12, shared_expert_intermediate_size=12, num_experts=4,
                                    num_experts_per_tok=2),
            vision_config=qwen35_vision(hidden_size=16, out_hidden_size=32), tie_word_embeddings=False, **ids_of()),
        seeds=4, model_type=transformers.Qwen3_5MoeForConditionalGeneration, more={"experts_implementation": "eager"},
        processor=lambda: qwen_processor(8, 1024, 4096), vocabulary=200,
        images=[(56, 40), (30, 90)], expand=qwen_expand, inputs=qwen_inputs, stages=qwen_stages(3), facts=qwen_facts,
        lacks_one=r"language_model\..*(?<!linear_attn\.)norm\.weight$", positions=qwen_positions,
        gguf="qwen3vl_merger"),
    # three deep features, interleaved axes, heads wider than width / heads
    "qwen3vl": Family(
        config=lambda: transformers.Qwen3VLConfig(
            text_config=small_text([4, 2, 2], num_hidden_layers=4, num_attention_heads=3, head_dim=16),
            vision_config=qwen3_vision(), tie_word_embeddings=False, **ids_of()),
        model_type=transformers.Qwen3VLForConditionalGeneration,
        processor=lambda: qwen_processor(8, 1024, 8192), vocabulary=200,
        images=[(56, 40), (30, 190)], expand=qwen_expand, inputs=qwen_inputs, facts=qwen_facts, positions=qwen_positions,
        stages=qwen_stages(5) | {f"deep{i}": f"model.visual.deepstack_merger_list.{i}" for i in range(3)}, seeds=8,
        gguf="qwen3vl_merger"),
    # windows that are ragged on both sides, full attention in every other layer
    "qwen25vl": Family(
        config=lambda: transformers.Qwen2_5_VLConfig(
            text_config=small_text([2, 3, 3]), tie_word_embeddings=False, vision_config=qwen2_vision(
                depth=4, hidden_size=24, intermediate_size=36, window_size=112, fullatt_block_indexes=[1, 3],
                out_hidden_size=32), **ids_of()),
        model_type=transformers.Qwen2_5_VLForConditionalGeneration,
        processor=lambda: qwen_processor(14, 3136, 60000, half=False), vocabulary=200,
        seeds=8, images=[(252, 168), (90, 140)], expand=qwen_expand, inputs=qwen_inputs, stages=qwen_stages(4), facts=qwen_facts,
        positions=qwen_positions, rename=old_names, publish=old_spelling, gguf="qwen2.5vl_merger"),
    # layer norms with biases, quick GELU, tied
    "qwen2vl": Family(
        config=lambda: transformers.Qwen2VLConfig(
            text_config=small_text([2, 3, 3], tie_word_embeddings=True), tie_word_embeddings=True,
            vision_config=qwen2_vision(depth=3, embed_dim=24, hidden_size=32, mlp_ratio=2), **ids_of()),
        model_type=transformers.Qwen2VLForConditionalGeneration,
        processor=lambda: qwen_processor(14, 3136, 60000, half=False), vocabulary=200,
        images=[(112, 80), (60, 150)], expand=qwen_expand, inputs=qwen_inputs, stages=qwen_stages(3), facts=qwen_facts,
        positions=qwen_positions, rename=old_names, publish=old_spelling, gguf="qwen2vl_merger"),
}
