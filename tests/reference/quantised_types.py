#!/usr/bin/env python3
"""Which types llama.cpp gives the tensors of a model, as one table for tests/core/fixtures/quantised_types.json.

quantised_types.py LLAMA_QUANTIZE NAME=MODEL-F16.gguf… > quantised_types.json     (needs the gguf package)

Per kind of tensor a shape and, per target, a letter for each layer: 0 Q8_0, 4 Q4_0, 5 Q5_0, 1 Q5_1, k Q4_K, v Q5_K,
x Q6_K, h F16, - as it was. The committed table is of smollm2-135m, gemma3-270m and qwen2.5-coder-1.5b turned into F16, and of
three llama models of random numbers: 16 layers with an output of its own, 9 layers with 8 experts, 80 layers.
"""
import json
import re
import subprocess
import sys

from gguf import GGUFReader

LETTERS = {"q8_0": "0", "q4_0": "4", "q5_0": "5", "q5_1": "1", "q4_K": "k", "q5_K": "v", "q6_K": "x", "f16": "h"}
LINE = re.compile(r"\]\s+(\S+)\s+- \[([^]]*)\], type =\s*(\S+), size =[^>]*?(?:-> .*\((\S+)\))?$")


def table_of(quantize, name, path):
    reader = GGUFReader(path)
    arch = reader.fields["general.architecture"].contents()
    keys = {}
    for key in ("block_count", "expert_count", "attention.head_count", "attention.head_count_kv"):
        field = reader.fields.get(f"{arch}.{key}")
        if field:
            keys[key] = int(field.contents())
    tensors = {}
    for target in ("Q8_0", "Q4_0", "Q4_K_M"):
        run = subprocess.run([quantize, "--dry-run", path, target], capture_output=True, text=True, check=True)
        for line in (run.stdout + run.stderr).splitlines():
            found = LINE.search(line)
            if not found:
                continue
            kind = re.sub(r"^blk\.\d+\.", "blk.*.", found.group(1))
            shape = [int(size) for size in found.group(2).split(",")]
            entry = tensors.setdefault(kind, {"shape": shape, "type": found.group(3)})
            assert entry["shape"] == shape, (kind, shape)
            entry[target] = entry.get(target, "") + (LETTERS[found.group(4)] if found.group(4) else "-")
    return {"name": name, "architecture": arch, "keys": keys, "tensors": tensors}


models = [table_of(sys.argv[1], *argument.split("=", 1)) for argument in sys.argv[2:]]
print("[" + ",\n".join(json.dumps(model) for model in models) + "]")
