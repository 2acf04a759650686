#!/usr/bin/env python3
"""Writes tests/vision/fixtures/preprocess/: configurations of image processors, and CRC-32 of the values that they make.

    pip install torch transformers==5.23.0 pillow==12.3.0
    python3 tests/reference/pillow_preprocess.py [NAME…]

NAME/ is a directory as published; NAME.txt has a line per picture (KIND W H, made as pillow_resize.py says): KIND W H
TILES TILE_ROWS TILE_COLUMNS ROWS COLUMNS TOKENS CRC, or KIND W H refused. The CRC is that of the float values, patch by
patch in the order in which the encoder wants them.
"""
import json
import pathlib
import shutil
import sys
import zlib

import numpy as np
import PIL
import transformers
from PIL import Image

from pillow_resize import picture

SIZES = [(1, 1), (1, 5000), (5000, 1), (1, 200), (200, 1), (1, 201), (14, 14), (28, 28), (42, 70), (98, 126), (16, 48),
         (80, 48), (32, 32), (64, 64), (112, 112), (113, 112), (100, 100), (37, 53), (53, 37), (336, 336), (337, 200),
         (300, 200), (201, 333), (640, 480), (479, 641), (512, 512), (513, 511), (560, 280), (280, 560), (896, 896),
         (997, 1009), (1280, 800), (800, 1280), (1366, 768), (1920, 1080), (3000, 15), (15, 3000), (2, 399), (799, 4),
         (1000, 30)]
FEW = [(1, 1), (1, 5000), (5000, 1), (37, 53), (640, 480), (479, 641), (1280, 800), (3000, 15)]
TIES = [(400, 200), (200, 400), (500, 200), (200, 500), (230, 100), (100, 230), (112, 500)]  # of canvases, at 112
MOST_PIXELS = 1 << 26  # more are refused, where transformers would go on


def tiles_of(pixels, patch):
    """[tiles, 3, side, side] as patches [3, patch, patch]; what is left over at the edges is dropped."""
    count = pixels.shape[-1] // patch
    kept = pixels[..., :count * patch, :count * patch].reshape(-1, 3, count, patch, count, patch)
    return kept.transpose(0, 2, 4, 1, 3, 5), count


def qwen(processor, image, config):
    made = processor(images=[image], return_tensors="np")
    _, rows, columns = made["image_grid_thw"][0].tolist()
    return made["pixel_values"], (1, 0, 0, rows, columns, rows * columns // processor.merge_size**2)


def idefics3(processor, image, config):
    made = processor(images=[image], return_tensors="np", return_row_col_info=True)
    patches, count = tiles_of(made["pixel_values"][0], config["vision_config"]["patch_size"])
    tokens = len(patches) * (count // config["scale_factor"]) ** 2
    return patches, (len(patches), made["rows"][0][0], made["cols"][0][0], count, count, tokens)


def square(tokens_of):
    def process(processor, image, config):
        shorter, longer = sorted(image.size)
        if "shortest_edge" in (processor.size or {}) and processor.size["shortest_edge"] ** 2 * longer // shorter > MOST_PIXELS:
            raise ValueError("too large")
        made = processor(images=[image], return_tensors="np")
        patches, count = tiles_of(np.asarray(made["pixel_values"]), config["vision_config"]["patch_size"])
        return patches, (1, 0, 0, count, count, tokens_of(config, count))
    return process


def gemma4(processor, image, config):
    made = processor(images=[image], return_tensors="np")
    at = made["image_position_ids"][0]
    columns, rows = (at.max(axis=0) + 1).tolist()
    return made["pixel_values"][0][:rows * columns], (1, 0, 0, rows, columns, int(made["num_soft_tokens_per_image"][0]))


def mllama(processor, image, config):
    made = processor(images=[image], return_tensors="np")
    canvases = [(h, w) for h in range(1, 5) for w in range(1, 5) if h * w <= processor.max_image_tiles]
    rows, columns = canvases[made["aspect_ratio_ids"][0][0] - 1]
    patches, count = tiles_of(made["pixel_values"][0][0], config["vision_config"]["patch_size"])
    return patches, (len(patches), rows, columns, count, count, 1)


CLIP = {"image_mean": [0.48145466, 0.4578275, 0.40821073], "image_std": [0.26862954, 0.26130258, 0.27577711]}
HALF = {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}
COMMON = {"do_convert_rgb": True, "do_normalize": True, "do_rescale": True, "do_resize": True, "rescale_factor": 0.00392156862745098}


def eyes(kind, patch, **more):
    return {"model_type": kind, "vision_config": {"patch_size": patch}} | more


def qwen_case(kind, patch, half, named, **size):
    own = {"image_processor_type": named, "patch_size": patch, "merge_size": 2, "temporal_patch_size": 2, "resample": 3}
    return qwen, eyes(kind, patch), COMMON | own | (HALF if half else CLIP) | size


def smolvlm_case(kind, patch, tile, longest, scale, named):
    own = {"image_processor_type": named, "resample": 1, "size": {"longest_edge": longest}, "do_image_splitting": True,
           "max_image_size": {"longest_edge": tile}, "do_pad": True}
    return idefics3, eyes(kind, patch, scale_factor=scale), COMMON | HALF | own


def gemma3_case(side, tokens):
    own = {"image_processor_type": "Gemma3ImageProcessor", "image_seq_length": tokens, "resample": 2,
           "size": {"height": side, "width": side}, "do_pan_and_scan": None}
    return square(lambda config, count: tokens), eyes("gemma3", 14, mm_tokens_per_image=tokens), COMMON | HALF | own


def gemma4_case(budget):
    own = {"image_processor_type": "Gemma4ImageProcessor", "do_normalize": False, "image_mean": [0.0] * 3, "resample": 3,
           "image_std": [1.0] * 3, "max_soft_tokens": budget, "image_seq_length": budget, "patch_size": 16, "pooling_kernel_size": 3}
    return gemma4, eyes("gemma4", 16), COMMON | own


def mllama_case(side):
    own = {"image_processor_type": "MllamaImageProcessor", "max_image_tiles": 4, "resample": 2, "do_pad": True,
           "size": {"height": side, "width": side}}
    return mllama, eyes("mllama", 14), COMMON | CLIP | own


def llava_case():
    own = {"image_processor_type": "CLIPImageProcessor", "crop_size": {"height": 336, "width": 336}, "do_center_crop": True,
           "resample": 3, "size": {"shortest_edge": 336}}
    return square(lambda config, count: count**2), eyes("llava", 14), COMMON | CLIP | own


# name: (how, config.json, processor), sizes, whether nested in processor_config.json
CASES = {
    "qwen2vl": (qwen_case("qwen2_vl", 14, False, "Qwen2VLImageProcessor", min_pixels=3136, max_pixels=28 * 28 * 400), SIZES, False),
    "qwen25vl": (qwen_case("qwen2_5_vl", 14, False, "Qwen2VLImageProcessorFast", min_pixels=3136, max_pixels=12845056), FEW, False),
    "qwen3vl": (qwen_case("qwen3_vl", 16, True, "Qwen2VLImageProcessorFast", size={"shortest_edge": 65536, "longest_edge": 16777216}), FEW, False),
    "qwen35": (qwen_case("qwen3_5", 16, True, "Qwen2VLImageProcessor", size={"shortest_edge": 4096, "longest_edge": 400000}), SIZES, True),
    "smolvlm": (smolvlm_case("smolvlm", 16, 128, 512, 4, "SmolVLMImageProcessor"), SIZES, False),
    "smolvlm_512": (smolvlm_case("smolvlm", 16, 512, 2048, 4, "SmolVLMImageProcessor"), FEW[3:], True),
    "smolvlm_384": (smolvlm_case("smolvlm", 14, 384, 1536, 3, "SmolVLMImageProcessorFast"), FEW[3:], False),
    "idefics3": (smolvlm_case("idefics3", 14, 364, 364, 2, "Idefics3ImageProcessor"), FEW, False),
    "gemma3": (gemma3_case(224, 16), SIZES, False),
    "gemma3_896": (gemma3_case(896, 256), FEW[3:], True),
    "gemma4": (gemma4_case(280), SIZES, True),
    "gemma4_70": (gemma4_case(70), SIZES, False),
    "gemma4_140": (gemma4_case(140), FEW, False),
    "gemma4_560": (gemma4_case(560), FEW, False),
    "gemma4_1120": (gemma4_case(1120), FEW, False),
    "mllama": (mllama_case(112), SIZES + TIES, False),
    "mllama_560": (mllama_case(560), FEW[3:], False),
    "llava": (llava_case(), SIZES, False),
}


def write(folder, name):
    (process, config, settings), sizes, nested = CASES[name]
    directory = folder / name
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    (directory / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    own = directory / ("processor_config.json" if nested else "preprocessor_config.json")
    own.write_text(json.dumps({"image_processor": settings} if nested else settings, indent=1) + "\n")
    processor = transformers.AutoImageProcessor.from_pretrained(directory, backend="pil")
    lines = [f"# transformers {transformers.__version__}, Pillow {PIL.__version__}; written by tests/reference/pillow_preprocess.py"]
    for number, (w, h) in enumerate(sizes):
        pattern = 2 if w * h > 200000 else number % 3
        image = Image.frombytes("RGB", (w, h), picture(pattern, w, h, 3))
        try:
            values, facts = process(processor, image, config)
            crc = zlib.crc32(np.ascontiguousarray(values, dtype="<f4").tobytes())
            lines.append(f"{pattern} {w} {h} {' '.join(map(str, facts))} {crc:08x}")
        except ValueError as error:
            print(f"{name} {w}×{h}: {error}")
            lines.append(f"{pattern} {w} {h} refused")
    (folder / f"{name}.txt").write_text("\n".join(lines) + "\n")


def main():
    folder = pathlib.Path(__file__).parent.parent / "vision" / "fixtures" / "preprocess"
    for name in sys.argv[1:] or CASES:
        write(folder, name)


main()
