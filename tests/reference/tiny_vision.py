#!/usr/bin/env python3
"""Tiny random models with eyes, and what transformers computes with them, stage by stage.

    pip install torch transformers==5.23.0 pillow==12.3.0 gguf
    python3 tests/reference/tiny_vision.py tests/vision/fixtures [FAMILY…]

Writes a folder per family; tests/vision/fixtures/README.md says what is in it. Every parameter is random: what
initialises to zero or one hides a branch. Weights are rounded to bfloat16 and tiny ones dropped, so that files of every
type hold the same values. The same on every run.
"""
import json
import pathlib
import re
import shutil
import sys

import numpy as np
import PIL
import safetensors.torch
import torch
import transformers
from PIL import Image

import tiny_vision_gguf
from tiny_vision_gemma import GEMMA
from tiny_vision_qwen import QWEN
from tiny_vision_tiles import TILES

FAMILIES = QWEN | GEMMA | TILES
NEW = 16  # greedy tokens
ROWS = 8  # last rows of logits
EDGE = 24  # first and last rows of a stage that are kept


def picture(number, width, height):
    """A pattern with a block of noise in it."""
    y, x, c = np.mgrid[0:height, 0:width, 0:3]
    pixels = ((x * (7 + number) + y * 3 + c * 40) % 256).astype(np.uint8)
    noise = np.random.default_rng(number).integers(0, 256, pixels.shape, dtype=np.uint8)
    block = (slice(height // 4, height // 4 + 16), slice(width // 3, width // 3 + 16))
    pixels[block] = noise[block]
    return Image.fromarray(pixels)


def spread(family, name, p):
    """The standard deviation of a parameter's values, and their mean."""
    if re.search(r"(A_log|conv1d\.weight|gate|\.gate_attn|\.gate_ffn|_scale|layer_scalar|std_bias)$", name) and p.dim() < 2:
        return 0.3, 1.0 if re.search("scal", name) else 0.0
    if re.search(r"(conv1d\.weight|A_log|mlp\.gate\.weight|shared_expert_gate\.weight|position_embedding_table)$", name):
        return 0.5, 0.0
    if p.dim() < 2:
        return (0.2, 1.0) if name.endswith("weight") else (0.2, 0.0)
    if re.search(r"embed_tokens(_per_layer)?\.weight$", name):
        return family.embedding, 0.0
    if re.search(r"(pos_embed|position\w*|embedding)(\.weight)?$", name) and "patch" not in name:
        return 0.5, 0.0
    return 1.2 / p[0].numel() ** 0.5, 0.0


def exact(value):
    """The nearest values that bfloat16, float16 and float32 all hold."""
    value = value.to(torch.bfloat16).float()
    return torch.where(value.abs() < 2.0**-14, torch.zeros_like(value), value)


def randomise(family, model, seed):
    generator = torch.Generator().manual_seed(seed)
    for name, p in sorted(model.named_parameters()):
        deviation, mean = spread(family, name, p)
        if mean == 1.0 and family.lacks_one and re.search(family.lacks_one, name):
            mean = 0.0
        p.data = exact(deviation * torch.randn(p.shape, generator=generator) + mean)
    for name, b in sorted(model.named_buffers()):
        if family.buffers and re.search(family.buffers, name):
            b.data = exact(family.buffer(name, b, generator))


def prompts(family, made):
    """The conversations: ids and the pictures in them."""
    generator = torch.Generator().manual_seed(7)
    text = lambda n: torch.randint(family.first_text, family.vocabulary, (n,), generator=generator).tolist()
    image = [family.expand(m) for m in made]
    start = family.start
    one = start + text(6) + image[0] + text(5)
    return {
        "text": (start + text(24), []),
        "one": (one, [0]),
        "two": (start + text(4) + image[1] + text(2) + image[0] + text(4), [1, 0]),
        "goes_on": (one + text(9) + image[1] + text(7), [0, 1]),
    } | family.more_prompts(start, text, image)


class Unfit(Exception):
    """The reply holds an id that stands for a picture."""


class Stages:
    """What modules put out in the next forward pass."""

    def __init__(self, model, paths):
        self.seen = {}
        self.handles = []
        for name, path in paths.items():
            before = path.startswith("<")
            module = model.get_submodule(path.removeprefix("<"))
            keep = (lambda _, inputs, name=name: self.add(name, inputs[0])) if before else (
                lambda _, inputs, output, name=name: self.add(name, output))
            hook = module.register_forward_pre_hook if before else module.register_forward_hook
            self.handles.append(hook(keep))

    def add(self, name, output):
        output = output[0] if isinstance(output, tuple) else getattr(output, "last_hidden_state", output)
        self.seen[name] = output.detach().clone()

    def __enter__(self):
        return self.seen

    def __exit__(self, *_):
        for handle in self.handles:
            handle.remove()


def trimmed(name, rows):
    """The first and the last rows of a stage; all of what the decoder takes."""
    if name.startswith(("merged", "deep")) or len(rows) <= 2 * EDGE:
        return rows
    return torch.cat([rows[:EDGE], rows[-EDGE:]])


def forward(family, model, processed, ids):
    with torch.no_grad():
        return model(input_ids=torch.tensor([ids]), use_cache=False, **family.inputs(processed, ids)).logits[0]


def greedy(family, model, processed, ids):
    ids, out, margins = list(ids), [], []
    for _ in range(NEW):
        best = forward(family, model, processed, ids)[-1].topk(2)
        out.append(best.indices[0].item())
        margins.append(round((best.values[0] - best.values[1]).item(), 5))
        ids.append(out[-1])
        if out[-1] in family.pictures:
            raise Unfit
    return out, margins


def record(family, model, processor, pictures):
    """(cases.json, dump.safetensors)"""
    made = [family.process(processor, [p]) for p in pictures]
    cases, dump = [], {}
    for name, (ids, used) in prompts(family, made).items():
        processed = family.process(processor, [pictures[i] for i in used]) if used else None
        with Stages(model, {f"{name}.layer{i}": f"{family.layers}.{i}" for i in range(family.depth(model.config))}) as seen:
            logits = forward(family, model, processed, ids)
        dump[f"{name}.logits"] = logits[-ROWS:]
        if family.all_rows:
            dump[f"{name}.all_logits"] = logits.clone()
        dump[f"{name}.layers"] = torch.stack([v.reshape(len(ids), -1)[-1] for v in seen.values()])
        case = {"name": name, "ids": ids, "images": [f"image{i}.png" for i in used]}
        if family.positions and used:
            positions, delta = family.positions(model, processed, ids)
            case |= {"position_ids": positions, "rope_delta": delta}
        case["greedy"], case["margins"] = greedy(family, model, processed, ids)
        cases.append(case)
    facts = []
    for i, m in enumerate(made):
        ids = family.start + family.expand(m)
        with Stages(model, family.stages) as seen:
            forward(family, model, m, ids)
        facts.append({"name": f"image{i}.png"} | family.facts(m))
        dump |= {f"image{i}.{k}": trimmed(k, family.rows(v, facts[-1])) for k, v in seen.items()}
        if family.pixels:
            dump[f"image{i}.pixel_values"] = family.pixels(m)
    return {"images": facts, "cases": cases}, dump


def noise(family, model, processor, pictures, cases):
    """What rounding alone does to the logits of the last case: float32 against float64."""
    case = cases["cases"][-1]
    processed = family.process(processor, [pictures[int(n[5])] for n in case["images"]])
    single = forward(family, model, processed, case["ids"])
    wide = {k: v.double() if torch.is_tensor(v) and v.is_floating_point() else v for k, v in processed.items()}
    model.double()
    double = forward(family, model, transformers.BatchFeature(wide), case["ids"])
    model.float()
    return (double - single).abs().max().item()


def best_seed(family, processor, pictures):
    """The model whose replies are the most varied and the least ambiguous, and what it computes."""
    best = None
    for seed in range(20):
        if best and seed >= family.seeds:
            break
        model = family.make()
        randomise(family, model, seed)
        if family.patch:
            family.patch(model)
        try:
            cases, dump = record(family, model, processor, pictures)
        except Unfit:
            continue
        said = [case["greedy"] for case in cases["cases"]]
        margins = sorted(m for case in cases["cases"] for m in case["margins"])
        score = sum(len(set(ids)) for ids in said) / len(said) + min(1.0, 50 * margins[1])
        score -= 1e5 * max(0.0, noise(family, model, processor, pictures, cases) - 2e-5)
        if best is None or score > best[0]:
            best = (score, model, cases, dump)
    return best


def write_directory(path, family, model, processor):
    rounded = family.make().to(torch.bfloat16)
    rounded.load_state_dict(model.state_dict())
    rounded.save_pretrained(path)
    processor.save_pretrained(path)
    config = json.loads((path / "config.json").read_text())
    family.publish(config)
    (path / "config.json").write_text(json.dumps(config, indent=1, sort_keys=True) + "\n")
    if family.rename:
        file = path / "model.safetensors"
        held = safetensors.torch.load_file(file)
        safetensors.torch.save_file({family.rename(k): v for k, v in held.items()}, file, metadata={"format": "pt"})


def check_directory(path, family, cases, dump):
    """That transformers computes the same with the directory as written."""
    model = family.model_type.from_pretrained(path, dtype=torch.float32, attn_implementation="eager", **family.more).eval()
    if family.patch:
        family.patch(model)
    processor = transformers.AutoImageProcessor.from_pretrained(path, backend="pil")
    for case in cases["cases"]:
        pictures = [Image.open(path / name) for name in case["images"]]
        processed = family.process(processor, pictures) if pictures else None
        logits = forward(family, model, processed, case["ids"])[-ROWS:]
        assert (logits - dump[f"{case['name']}.logits"]).abs().max() < 1e-5, case["name"]


def make(out, name):
    family = FAMILIES[name]
    folder = out / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    pictures = [picture(i, *size) for i, size in enumerate(family.images)]
    processor = family.processor()
    score, model, cases, dump = best_seed(family, processor, pictures)
    for i, p in enumerate(pictures):
        p.save(folder / f"image{i}.png")
    write_directory(folder, family, model, processor)
    check_directory(folder, family, cases, dump)
    if family.gguf:
        tiny_vision_gguf.write(folder, family, model)
    notes = {"transformers": transformers.__version__, "pillow": PIL.__version__}
    (folder / "cases.json").write_text(json.dumps(notes | cases, separators=(",", ":")) + "\n")
    safetensors.torch.save_file({k: v.float().contiguous() for k, v in sorted(dump.items())}, folder / "dump.safetensors")
    size = sum(f.stat().st_size for f in folder.iterdir())
    margins = sorted(m for case in cases["cases"] for m in case["margins"])
    print(f"{name}: {size // 1024} KB, score {score:.2f}, smallest margins {margins[:3]}", flush=True)
    for k, v in sorted(dump.items()):
        print(f"  {k} {list(v.shape)} deviation {v.float().std():.3f} largest {v.float().abs().max():.2f}")


def main():
    out = pathlib.Path(sys.argv[1])
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    for name in sys.argv[2:] or FAMILIES:
        make(out, name)


main()
