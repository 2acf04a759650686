"""Models that see tiles of a fixed size: SmolVLM, LLaVA, Llama 3.2 Vision."""
import types

import torch
import transformers

from tiny_vision_family import Family

START, FAKE, GLOBAL, LINE, TWO_LINES, IMAGE = 1, 14, 15, 16, 17, 12
TILE, PATCH = 32, 8


def llama_text(**changes):
    return dict(vocab_size=200, hidden_size=32, intermediate_size=40, num_hidden_layers=2, num_attention_heads=2,
                num_key_value_heads=1, max_position_embeddings=512, rms_norm_eps=1e-5, bos_token_id=1, eos_token_id=2,
                pad_token_id=0, rope_parameters=dict(rope_type="default", rope_theta=10000.0)) | changes


def smolvlm_ids(made):
    """Ids of <row_r_col_c> from 40 on."""
    rows, columns = made["rows"][0][0], made["cols"][0][0]
    picture, out = [IMAGE] * (TILE // PATCH // 2) ** 2, []
    for row in range(rows):
        for column in range(columns):
            out += [FAKE, 40 + 6 * row + column] + picture
        out += [LINE if row + 1 < rows else TWO_LINES]
    return out + [FAKE, GLOBAL] + picture + [FAKE]


def smolvlm_inputs(processed, ids):
    return {} if processed is None else {k: processed[k] for k in ("pixel_values", "pixel_attention_mask")}


def only_pixels(processed, ids):
    return {} if processed is None else {"pixel_values": processed["pixel_values"]}


CANVASES = [(1, 1), (1, 2), (1, 3), (1, 4), (2, 1), (2, 2), (3, 1), (4, 1)]


def cross_mask(ids, tiles):
    """[tokens, pictures, 4]: which tiles of which picture an id sees."""
    at = [i for i, token in enumerate(ids) if token == IMAGE]
    ends = at[1:] + [len(ids)]
    for i in reversed(range(len(at) - 1)):
        if at[i] == ends[i] - 1:  # pictures that follow each other are seen together
            ends[i] = ends[i + 1]
    mask = torch.zeros(len(ids), len(at), 4, dtype=torch.long)
    for i, (first, end) in enumerate(zip(at, ends)):
        mask[first:end, i, :tiles[i]] = 1
    return mask


def mllama_inputs(processed, ids):
    if processed is None:
        return {}
    given = {k: processed[k] for k in ("pixel_values", "aspect_ratio_ids", "aspect_ratio_mask")}
    return given | {"cross_attention_mask": cross_mask(ids, processed["aspect_ratio_mask"][0].sum(-1).tolist())[None]}


def mllama_prompts(start, text, image):
    """Pictures side by side, one twice, and one that nothing stands before."""
    return {
        "side_by_side": (start + text(3) + image[0] + image[1] + text(5) + image[1] + text(4), [0, 1, 1]),
        "same_twice": (start + text(3) + image[0] + text(4) + image[0] + text(4), [0, 0]),
        "picture_first": (image[1] + text(6) + image[0] + text(5), [1, 0]),
    }


def save_inputs(model):
    """The states that are kept of the vision layers are what goes into them, as the weights were trained."""
    def forward(self, hidden_states, attention_mask=None):
        kept = ()
        for layer in self.layers:
            kept += (hidden_states,)
            hidden_states = layer(hidden_states=hidden_states, attention_mask=attention_mask)
        return transformers.modeling_outputs.BaseModelOutput(last_hidden_state=hidden_states, hidden_states=kept)

    model.model.vision_model.transformer.forward = types.MethodType(forward, model.model.vision_model.transformer)


def vision_stages(tower, depth, merged, **more):
    return {"embedded": f"{tower}.embeddings", "block0": f"{tower}.encoder.layers.0", "block1": f"{tower}.encoder.layers.1",
            "last_block": f"{tower}.encoder.layers.{depth - 1}", "merged": merged} | more


TILES = {
    # a picture of six tiles and the whole, and one of a single tile
    "smolvlm": Family(
        config=lambda: transformers.SmolVLMConfig(
            text_config=dict(model_type="llama", hidden_act="silu", tie_word_embeddings=False)
            | llama_text(hidden_size=48, num_attention_heads=3, rope_parameters=dict(rope_type="default", rope_theta=100000.0)),
            vision_config=dict(hidden_size=24, intermediate_size=36, num_hidden_layers=3, num_attention_heads=2,
                               image_size=TILE, patch_size=PATCH),
            scale_factor=2, image_token_id=IMAGE, tie_word_embeddings=False, pad_token_id=0),
        model_type=transformers.SmolVLMForConditionalGeneration,
        processor=lambda: transformers.models.smolvlm.SmolVLMImageProcessorPil(
            size={"longest_edge": 3 * TILE}, max_image_size={"longest_edge": TILE}),
        images=[(70, 45), (20, 100)], vocabulary=200, start=[START], pictures=(IMAGE,), expand=smolvlm_ids, nested=True,
        with_rows=True, inputs=smolvlm_inputs, stages=vision_stages("model.vision_model", 3, "model.connector"),
        facts=lambda made: {"tiles": [made["rows"][0][0], made["cols"][0][0]]}, layers="model.text_model.layers", gguf="idefics3"),
    # the last layer but one, without the class row
    "llava": Family(
        config=lambda: transformers.LlavaConfig(
            text_config=dict(model_type="llama") | llama_text(),
            vision_config=dict(model_type="clip_vision_model", hidden_size=24, intermediate_size=36, num_hidden_layers=3,
                               num_attention_heads=2, image_size=56, patch_size=14, projection_dim=16, vocab_size=200),
            image_token_index=IMAGE, image_seq_length=16, vision_feature_layer=-2, vision_feature_select_strategy="default"),
        model_type=transformers.LlavaForConditionalGeneration,
        processor=lambda: transformers.models.clip.CLIPImageProcessorPil(
            size={"shortest_edge": 56}, crop_size={"height": 56, "width": 56}),
        images=[(80, 60), (45, 91)], vocabulary=200, start=[START], pictures=(IMAGE,), expand=lambda made: [IMAGE] * 16,
        inputs=only_pixels, stages=vision_stages("model.vision_tower", 2, "model.multi_modal_projector"),
        facts=lambda made: {"grid": [1, 4, 4]},
        gguf="mlp"),
    # tiles, gates, cross-attention; text before the first picture sees them all
    "mllama": Family(
        config=lambda: transformers.MllamaConfig(
            text_config=llama_text(num_hidden_layers=5, cross_attention_layers=[1, 3], hidden_act="silu", rope_parameters=dict(
                rope_type="llama3", rope_theta=10000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
                original_max_position_embeddings=32)),
            vision_config=dict(hidden_size=16, attention_heads=2, num_hidden_layers=4, num_global_layers=2, intermediate_size=24,
                               vision_output_dim=48, image_size=56, patch_size=14, max_num_tiles=4,
                               intermediate_layers_indices=[0, 2], supported_aspect_ratios=[list(c) for c in CANVASES]),
            image_token_index=IMAGE, tie_word_embeddings=False),
        model_type=transformers.MllamaForConditionalGeneration,
        processor=lambda: transformers.models.mllama.MllamaImageProcessorPil(
            size={"height": 56, "width": 56}, image_mean=[0.48145466, 0.4578275, 0.40821073],
            image_std=[0.26862954, 0.26130258, 0.27577711]),
        images=[(100, 50), (40, 150)], vocabulary=200, start=[START], pictures=(IMAGE,), expand=lambda made: [IMAGE], nested=True,
        inputs=mllama_inputs, patch=save_inputs, more_prompts=mllama_prompts, all_rows=True,
        stages={"embedded": "<model.vision_model.layernorm_pre", "block0": "model.vision_model.transformer.layers.0",
                "block1": "model.vision_model.transformer.layers.1", "last_block": "model.vision_model.global_transformer.layers.1",
                "merged": "model.multi_modal_projector"},
        facts=lambda made: {"tiles": list(CANVASES[made["aspect_ratio_ids"][0][0] - 1])}),
}
