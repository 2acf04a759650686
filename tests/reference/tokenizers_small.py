#!/usr/bin/env python3
"""Small tokenizer.json files of every kind and what the Hugging Face tokenizers make of awkward texts.

    pip install tokenizers
    python3 tests/reference/tokenizers_small.py tests/core/fixtures/tokenizers README.md docs/architecture.md

Writes NAME.json (a tokenizer trained on the given texts) and cases.json: per tokenizer and text the ids with control
tokens parsed and taken literally, and the text that the ids decode to.
"""
import json
import pathlib
import sys

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
          r"|\s+(?!\S)|\s+")
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
BYTES = [f"<0x{i:02X}>" for i in range(256)]
CONTROL = ["<s>", "</s>", "<|im_start|>", "<|im_end|>"]
SIZE = 500

TEXTS = [
    "", " ", "Hello world", "Hello  world ", "  two spaces", "\ttab\n\nnewlines\r\n\r\n   ", "I'm we'LL don’t THEY'RE",
    "1234567890 3.14 ½ ²³ ٣٤", "naïve café e\u0301 Å A\u030a", "日本語のテキスト。한국어", "👩‍👩‍👧 🏳️‍🌈 \u200b\ufeff",
    "x=[1,2,3]; y->z //::{}!!", "\u00a0nbsp\u2003em\u180emongolian\u3000", "<s>hi</s>", "<|im_start|>user\nHi <|im_end|>\n",
    "a<tool_call> b </tool_call>  c", "<|im_end", "▁marks▁▁here ▁", "snake_case_name CamelCase", "\u0000\u0001\x7f",
    "Deskhand leads a local model over the screen; nothing leaves the machine.", "aaaaaaaaaaaaaaaaaaaaaaaaa",
    "   </s>   after", "one\n\n\ntwo\n\n\n\nthree", "Ünïcödé Straße İstanbul ﬁ", "tail  ", "<0x0A> <unk>", "STRIPPED  tag  x",
]


def added(tokenizer, extra=()):
    for text in CONTROL:
        tokenizer.add_special_tokens([AddedToken(text, special=True, normalized=False)])
    for token in extra:
        tokenizer.add_tokens([token])


def plain(text, **flags):
    return AddedToken(text, special=False, **({"normalized": False} | flags))


def train(model, corpus, trainer, normalizer=None, cutter=None):
    tokenizer = Tokenizer(model)
    if normalizer:
        tokenizer.normalizer = normalizer
    if cutter:
        tokenizer.pre_tokenizer = cutter
    tokenizer.train_from_iterator(corpus, trainer)
    return tokenizer


def with_model(tokenizer, **fields):
    """The same with other fields of the model, which the trainers do not set."""
    parts = json.loads(tokenizer.to_str())
    parts["model"].update(fields)
    return Tokenizer.from_str(json.dumps(parts))


def bos(token, tokenizer):
    return processors.TemplateProcessing(single=f"{token} $A", pair=f"{token} $A $B",
                                         special_tokens=[(token, tokenizer.token_to_id(token))])


def byte_level(corpus, cutter, normalizer=None, **fields):
    trainer = trainers.BpeTrainer(vocab_size=SIZE, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
                                  show_progress=False)
    tokenizer = train(models.BPE(), corpus, trainer, normalizer, cutter)
    tokenizer.decoder = decoders.ByteLevel()
    added(tokenizer, [plain("<tool_call>"), plain("</tool_call>")])
    return with_model(tokenizer, **fields)


def split(pattern, behavior="isolated"):
    return pre_tokenizers.Split(Regex(pattern), behavior)


def qwen2(corpus):
    cutter = pre_tokenizers.Sequence([split(QWEN2), pre_tokenizers.ByteLevel(False, use_regex=False)])
    return byte_level(corpus, cutter, normalizers.NFC())


def llama3(corpus):
    cutter = pre_tokenizers.Sequence([split(LLAMA3), pre_tokenizers.ByteLevel(False, use_regex=False)])
    tokenizer = byte_level(corpus, cutter, ignore_merges=True)
    tokenizer.post_processor = processors.Sequence([processors.ByteLevel(), bos("<s>", tokenizer)])
    return tokenizer


def smollm(corpus):
    return byte_level(corpus, pre_tokenizers.Sequence([pre_tokenizers.Digits(True), pre_tokenizers.ByteLevel(False)]))


def gpt2_prefix(corpus):
    return byte_level(corpus, pre_tokenizers.Sequence(
        [pre_tokenizers.Punctuation("contiguous"), pre_tokenizers.Digits(False), pre_tokenizers.ByteLevel(True)]))


def spm_trainer():
    return trainers.BpeTrainer(vocab_size=SIZE + 256, special_tokens=["<unk>", *CONTROL, *BYTES], show_progress=False)


def spm_decoder(strip):
    parts = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    return decoders.Sequence(parts + ([decoders.Strip(" ", 1, 0)] if strip else []))


def without_byte_specials(tokenizer):
    """Byte tokens belong to the model alone."""
    parts = json.loads(tokenizer.to_str())
    parts["added_tokens"] = [t for t in parts["added_tokens"] if t["content"] not in BYTES]
    return Tokenizer.from_str(json.dumps(parts))


def gemma(corpus):
    tokenizer = train(models.BPE(unk_token="<unk>"), corpus, spm_trainer(), normalizers.Replace(" ", "▁"),
                      pre_tokenizers.Split(" ", "merged_with_previous"))
    tokenizer = without_byte_specials(with_model(tokenizer, byte_fallback=True, fuse_unk=True))
    tokenizer.decoder = spm_decoder(False)
    added(tokenizer, [plain("\n" * n) for n in (1, 2, 3)] + [plain("▁" * n) for n in (2, 3)])
    tokenizer.post_processor = bos("<s>", tokenizer)
    return tokenizer


def llama2(corpus):
    tokenizer = train(models.BPE(unk_token="<unk>"), corpus, spm_trainer(),
                      normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]))
    tokenizer = without_byte_specials(with_model(tokenizer, byte_fallback=True, fuse_unk=True))
    tokenizer.decoder = spm_decoder(True)
    added(tokenizer, [plain("<tool_call>", lstrip=True, rstrip=True), plain("here", normalized=True),
                      plain("STRIPPED", rstrip=True), plain("tag", lstrip=True)])
    return tokenizer


def mistral_metaspace(corpus):
    cutter = pre_tokenizers.Metaspace("▁", prepend_scheme="first", split=False)
    tokenizer = train(models.BPE(unk_token="<unk>"), corpus, spm_trainer(), None, cutter)
    tokenizer = without_byte_specials(with_model(tokenizer, byte_fallback=False, fuse_unk=True))
    tokenizer.decoder = decoders.Metaspace("▁", "first", False)
    added(tokenizer)
    return tokenizer


def unigram(corpus, fallback, scheme):
    trainer = trainers.UnigramTrainer(vocab_size=SIZE, special_tokens=["<unk>", *CONTROL], unk_token="<unk>",
                                      show_progress=False)
    cutter = pre_tokenizers.Metaspace("▁", prepend_scheme=scheme)
    tokenizer = train(models.Unigram(), corpus, trainer, None, cutter)
    if fallback:
        parts = json.loads(tokenizer.to_str())
        parts["model"]["vocab"] += [[b, -20.0] for b in BYTES]
        parts["model"]["byte_fallback"] = True
        tokenizer = Tokenizer.from_str(json.dumps(parts))
        tokenizer.decoder = spm_decoder(True)
    else:
        tokenizer.decoder = decoders.Metaspace("▁", scheme)
    added(tokenizer)
    return tokenizer


KINDS = {
    "qwen2": qwen2, "llama3": llama3, "smollm": smollm, "gpt2_prefix": gpt2_prefix, "gemma": gemma, "llama2": llama2,
    "metaspace_bpe": mistral_metaspace, "unigram": lambda c: unigram(c, False, "always"),
    "unigram_bytes": lambda c: unigram(c, True, "first"),
}


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    corpus = [line for path in sys.argv[2:] for line in pathlib.Path(path).read_text().split("\n")]
    cases = {}
    for name, make in KINDS.items():
        tokenizer = make(corpus)
        parts = json.loads(tokenizer.to_str())
        if name == "smollm":  # the older spelling
            parts["model"]["merges"] = [" ".join(pair) for pair in parts["model"]["merges"]]
        (out / f"{name}.json").write_text(json.dumps(parts, ensure_ascii=False, separators=(",", ":")) + "\n")
        tokenizer = Tokenizer.from_str(json.dumps(parts))
        cases[name] = []
        for text in TEXTS:
            case = {"text": text}
            for key, literal in (("parsed", False), ("literal", True)):
                tokenizer.encode_special_tokens = literal
                case[key] = tokenizer.encode(text, add_special_tokens=False).ids
            case["decoded"] = tokenizer.decode(case["literal"], skip_special_tokens=False)
            cases[name].append(case)
    (out / "cases.json").write_text(json.dumps(cases, ensure_ascii=True, separators=(",", ":")) + "\n")


main()
