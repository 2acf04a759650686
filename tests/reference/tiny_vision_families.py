"""The models with eyes that tiny_vision.py makes: configurations, processors, and how pictures become ids."""
import dataclasses
import typing

import torch
import transformers


@dataclasses.dataclass
class Family:
    config: typing.Callable
    model_type: type
    processor: typing.Callable
    images: list  # (width, height) of the two pictures
    expand: typing.Callable  # what the processor made of a picture -> its ids
    inputs: typing.Callable  # processed pictures, ids -> arguments of the model
    stages: dict  # name -> module whose output is recorded ("<": whose input)
    facts: typing.Callable  # what the processor made of a picture -> {"grid": …}
    vocabulary: int = 300
    first_text: int = 20  # smaller ids are special
    pictures: tuple = (12, 13)  # ids that stand for pictures
    start: list = dataclasses.field(default_factory=list)
    layers: str = "model.language_model.layers"
    lacks_one: str = ""  # norms that add 1 to their weight
    buffers: str = ""  # buffers that the checkpoint holds
    buffer: typing.Callable = None
    positions: typing.Callable = None  # rotary positions of a prompt with pictures
    rename: typing.Callable = None  # names as published
    gguf: str = ""  # the projector's type in GGUF
    pixels: typing.Callable = None  # what to keep of the processor's values
    rows: typing.Callable = lambda name, v: v.reshape(-1, v.shape[-1])

    def make(self):
        config = self.config()
        torch.manual_seed(0)
        return self.model_type._from_config(config, attn_implementation="eager").float().eval()

    def depth(self, config):
        return config.get_text_config().num_hidden_layers


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


def qwen35_text(**changes):
    return dict(vocab_size=300, hidden_size=64, intermediate_size=40, num_hidden_layers=3, num_attention_heads=2,
                num_key_value_heads=1, head_dim=32, max_position_embeddings=512, rms_norm_eps=1e-6, eos_token_id=2,
                pad_token_id=0, linear_num_key_heads=2, linear_num_value_heads=4, linear_key_head_dim=8,
                linear_value_head_dim=8, linear_conv_kernel_dim=4,
                layer_types=["linear_attention", "full_attention", "linear_attention"], tie_word_embeddings=True,
                rope_parameters=dict(rope_type="default", rope_theta=10000.0, partial_rotary_factor=0.25,
                                     mrope_section=[2, 1, 1], mrope_interleaved=True)) | changes


FAMILIES = {
    # hybrid layers, two value heads per key head, positions of three axes, a picture wider and one higher than the table
    "qwen35": Family(
        config=lambda: transformers.Qwen3_5Config(text_config=qwen35_text(), vision_config=qwen35_vision(),
                                                  tie_word_embeddings=True, **ids_of()),
        model_type=transformers.Qwen3_5ForConditionalGeneration,
        processor=lambda: qwen_processor(8, 1024, 4096),
        images=[(56, 40), (30, 90)], expand=qwen_expand, inputs=qwen_inputs, stages=qwen_stages(3), facts=qwen_facts,
        lacks_one=r"language_model\..*(?<!linear_attn\.)norm\.weight$", positions=qwen_positions,
        pixels=lambda made: made["pixel_values"], gguf="qwen3vl_merger"),
}
