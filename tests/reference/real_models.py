#!/usr/bin/env python3
"""What other implementations say after 20 prompts with a real quantised model.

    pip install torch transformers==5.23.0 gguf
    python3 tests/reference/real_models.py MODEL.gguf tests/core/fixtures/real_NAME.json --llama-server PATH

Two references: transformers in float32 on the dequantised weights (greedy ids and the margin of the two best logits),
and llama.cpp with its quantised activations (greedy ids; a teacher-forced comparison follows these).
"""
import argparse
import json
import pathlib
import subprocess
import time
import urllib.request

import gguf
import numpy as np
import torch
import transformers

from checkpoint_names import gguf_name, unpermute

GREEDY = 48
# Prompts are cut to these lengths, five to each.
LENGTHS = [7, 13, 20, 32]
PROMPTS = [
    # 7
    "The capital of France is the city of Paris, where",
    "def fibonacci(n):\n    if n < 2:\n        return n",
    "Once upon a time there was a young shepherd who",
    "SELECT name, age FROM users WHERE age > 30 ORDER BY",
    "Water boils at one hundred degrees, and it freezes",
    # 13
    "<|im_start|>user\nWhat is the largest planet of the solar system?<|im_end|>\n<|im_start|>assistant\n",
    "#include <stdio.h>\n\nint main(int argc, char** argv) {\n  printf(\"hello\\n\");\n",
    "Der schnelle braune Fuchs springt über den faulen Hund, und dann läuft er in den Wald.",
    "{\"name\": \"Ada Lovelace\", \"born\": 1815, \"profession\": \"mathematician\", \"works\": [",
    "To make a good cup of tea, first boil fresh water, then warm the pot and add the leaves",
    # 20
    "import numpy as np\n\ndef normalise(x):\n    \"\"\"Scales the rows of x to length one.\"\"\"\n    norms = np.linalg.norm(x, axis=1)\n",
    "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\nWrite a haiku about the sea.<|im_end|>\n<|im_start|>assistant\n",
    "La tour Eiffel est une tour de fer puddlé de 330 mètres de hauteur située à Paris, à l'extrémité nord-ouest du parc",
    "The button at the top right of the window closes it. The user wants to save the document first, so the next click must be on",
    "1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144 are the first numbers of a famous sequence in which every number",
    # 32
    "<html>\n<head><title>Shop</title></head>\n<body>\n<form action=\"/login\" method=\"post\">\n<input type=\"text\" name=\"user\">\n<input type=\"password\" name=\"password\">\n",
    "In 1905 Albert Einstein, who was then a clerk at the patent office in Bern, published four papers that changed physics: one on the photoelectric effect, one on Brownian motion, one on",
    "Task: open the settings and turn on the dark theme.\nScreen: 1 button \"File\"; 2 button \"Settings\"; 3 check box \"Dark theme\" (off); 4 button \"OK\"; 5 button \"Cancel\"\nNext action:",
    "中国的首都是北京,它是一座拥有三千多年历史的城市。今天,北京是全国的政治、文化和国际交流中心,每年都有数百万游客前来参观故宫和长城。",
    "fn main() {\n    let mut numbers = vec![5, 3, 8, 1];\n    numbers.sort();\n    for n in &numbers {\n        println!(\"{}\", n);\n    }\n    let sum: i32 = numbers.iter().sum();\n    println!(",
]


class Server:
    """llama-server on a model, for the time of a with block."""

    def __init__(self, program, model, port=18391):
        self.url = f"http://127.0.0.1:{port}"
        self.command = [program, "-m", model, "--port", str(port), "-c", "512", "-np", "1", "-t", "1", "--no-webui"]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(600):
            try:
                urllib.request.urlopen(self.url + "/health").read()
                return self
            except OSError:
                time.sleep(0.2)
        raise RuntimeError("llama-server does not answer")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def post(self, path, body):
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(),
                                         {"Content-Type": "application/json"})
        return json.loads(urllib.request.urlopen(request).read())

    def tokenize(self, text):
        return self.post("/tokenize", {"content": text, "add_special": True, "parse_special": True})["tokens"]

    def greedy(self, ids):
        """Ids, an end token included, and the margins of the two best logits.

        Where tokens end inside characters the server reports fewer margins than tokens: then there are none.
        """
        reply = self.post("/completion", {"prompt": ids, "n_predict": GREEDY, "temperature": 0.0, "n_probs": 2,
                                          "return_tokens": True, "cache_prompt": False})
        steps = [step["top_logprobs"] for step in reply["completion_probabilities"]]
        if [best["id"] for best, _ in steps] != reply["tokens"]:
            return reply["tokens"], []
        return reply["tokens"], [round(best["logprob"] - second["logprob"], 4) for best, second in steps]


def value(reader, key):
    field = reader.get_field(key)
    return None if field is None else field.contents()


def config_of(reader, tied):
    arch = value(reader, "general.architecture")
    get = lambda key, default=None: value(reader, f"{arch}.{key}") if value(reader, f"{arch}.{key}") is not None else default
    heads = get("attention.head_count")
    vocabulary = next(t for t in reader.tensors if t.name == "token_embd.weight").shape[1]
    shape = dict(vocab_size=int(vocabulary), hidden_size=get("embedding_length"),
                 intermediate_size=get("feed_forward_length"), num_hidden_layers=get("block_count"),
                 num_attention_heads=heads, num_key_value_heads=get("attention.head_count_kv", heads),
                 max_position_embeddings=get("context_length"), tie_word_embeddings=tied,
                 rms_norm_eps=get("attention.layer_norm_rms_epsilon"), attn_implementation="eager")
    rope = dict(rope_type="default", rope_theta=get("rope.freq_base", 10000.0))
    if arch == "gemma3":
        local = dict(rope_type="default", rope_theta=10000.0)
        layers = ["full_attention" if (i + 1) % 6 == 0 else "sliding_attention" for i in range(get("block_count"))]
        return arch, transformers.Gemma3TextConfig(
            **shape, head_dim=get("attention.key_length"), query_pre_attn_scalar=get("attention.key_length"),
            sliding_window=get("attention.sliding_window"), layer_types=layers, final_logit_softcapping=None,
            rope_parameters=dict(full_attention=rope, sliding_attention=local))
    kind = {"llama": transformers.LlamaConfig, "qwen2": transformers.Qwen2Config}[arch]
    return arch, kind(**shape, rope_parameters=rope)


def load(path):
    """The transformers model whose weights are the file's, dequantised to float32."""
    reader = gguf.GGUFReader(path)
    tensors = {t.name: t for t in reader.tensors}
    arch, config = config_of(reader, "output.weight" not in tensors)
    model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="eager").float().eval()
    used = set()
    with torch.no_grad():
        for name, p in model.named_parameters():
            tensor = tensors[gguf_name(name, arch)]
            used.add(tensor.name)
            w = gguf.dequantize(tensor.data, tensor.tensor_type)
            if arch == "gemma3" and name.endswith("norm.weight"):
                w = w - np.float32(1.0)
            if arch == "llama" and ("q_proj" in name or "k_proj" in name):
                w = unpermute(w, config.num_attention_heads if "q_proj" in name else config.num_key_value_heads)
            p.copy_(torch.from_numpy(np.array(w)).reshape(p.shape))
    if set(tensors) != used:
        raise RuntimeError(f"unused tensors: {sorted(set(tensors) - used)[:5]}")
    return model


def greedy(model, prompts):
    """Greedy ids and margins of all prompts in one batch, padded on the left."""
    longest = max(map(len, prompts))
    mask = torch.tensor([[0] * (longest - len(p)) + [1] * len(p) for p in prompts])
    ids = torch.tensor([[0] * (longest - len(p)) + p for p in prompts])
    positions = (mask.cumsum(1) - 1).clamp(min=0)
    cache = transformers.DynamicCache(config=model.config)
    chosen, margins = [], []
    for _ in range(GREEDY):
        logits = model(ids, attention_mask=mask, position_ids=positions, past_key_values=cache, use_cache=True,
                       logits_to_keep=1).logits[:, -1]
        best = logits.topk(2)
        chosen.append(best.indices[:, 0].tolist())
        margins.append([round(m, 4) for m in (best.values[:, 0] - best.values[:, 1]).tolist()])
        ids = best.indices[:, :1]
        mask = torch.cat([mask, torch.ones_like(ids)], 1)
        positions = positions[:, -1:] + 1
    return list(zip(*chosen)), list(zip(*margins))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--llama-server", required=True)
    parser.add_argument("--only-llama-cpp", action="store_true", help="keep what OUT holds of transformers")
    options = parser.parse_args()
    length = lambda i: LENGTHS[i * len(LENGTHS) // len(PROMPTS)]
    cases = []
    with Server(options.llama_server, options.model) as server:
        for i, text in enumerate(PROMPTS):
            ids = server.tokenize(text)[: length(i)]
            if len(ids) != length(i):
                raise RuntimeError(f"prompt {i} has only {len(ids)} tokens: {text!r}")
            reply, gaps = server.greedy(ids)
            cases.append({"prompt": ids, "llama_cpp": reply, "llama_cpp_margins": gaps})
    if options.only_llama_cpp:
        for case, old in zip(cases, json.loads(options.out.read_text())["cases"]):
            if case["prompt"] != old["prompt"]:
                raise RuntimeError("the prompts have changed")
            case["transformers"], case["margins"] = old["transformers"], old["margins"]
    else:
        run_transformers(options.model, cases)
    write(options, cases)


def run_transformers(path, cases):
    model = load(path)
    torch.set_num_threads(1)
    with torch.no_grad():
        chosen, margins = greedy(model, [case["prompt"] for case in cases])
    for case, ids, margin in zip(cases, chosen, margins):
        case["transformers"], case["margins"] = list(ids), list(margin)


def write(options, cases):
    head = {"model": pathlib.Path(options.model).name, "transformers": transformers.__version__}
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    options.out.write_text(json.dumps(head)[:-1] + f", \"cases\": [\n{lines}\n]}}\n")
    same = sum(a == b for case in cases for a, b in zip(case["transformers"], case["llama_cpp"]))
    close = sum(m <= 0.02 for case in cases for m in case["margins"])
    print(f"{same} of {GREEDY * len(cases)} free-running ids equal, {close} margins of 0.02 or less")


main()
