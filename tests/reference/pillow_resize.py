#!/usr/bin/env python3
"""Writes tests/vision/fixtures/pillow_resize.txt: CRC-32 of Pillow's resize for made-up pictures.

Run with Pillow 9 to 12 (13 changed the order of the passes):  python3 tests/reference/pillow_resize.py

A line: MODE KIND W H OUT_W OUT_H FILTER CRC. The test makes the same pictures: KIND 0 noise of a 32-bit LCG
(x = x·1664525 + 1013904223, starting at W·65536 + H, its top byte), 1 the same noise as 0 or 255, 2 a pattern (7x + 3y + 40c) mod 256.
"""
import pathlib
import random
import zlib

import PIL
from PIL import Image

FILTERS = (("bilinear", Image.BILINEAR), ("bicubic", Image.BICUBIC), ("lanczos", Image.LANCZOS))
SIZES = [(37, 53, 28, 56), (1, 40, 28, 28), (640, 480, 644, 476), (100, 100, 100, 50), (50, 80, 81, 80), (3, 3, 97, 61),
         (1000, 30, 28, 28), (201, 333, 896, 896), (1920, 1080, 644, 364), (17, 19, 17, 19), (1280, 800, 2560, 1600),
         (1280, 800, 1024, 640), (1, 1, 5, 7), (300, 1, 1, 1), (2, 1000, 1, 3)]


def picture(kind, width, height, channels):
    if kind == 2:
        return bytes((x * 7 + y * 3 + c * 40) & 255 for y in range(height) for x in range(width) for c in range(channels))
    state, out = (width << 16) + height, bytearray(width * height * channels)
    for i in range(len(out)):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        out[i] = state >> 24 if kind == 0 else (255 if state >> 31 else 0)
    return bytes(out)


def main():
    random.seed(5)
    cases = SIZES + [tuple(random.randint(1, 300) for _ in range(4)) for _ in range(185)]
    lines = [f"# Pillow {PIL.__version__}; written by tests/reference/pillow_resize.py"]
    for number, (width, height, out_width, out_height) in enumerate(cases):
        kind, mode = number % 3, "L" if number % 5 == 4 else "RGB"
        image = Image.frombytes(mode, (width, height), picture(kind, width, height, len(mode)))
        for name, method in FILTERS:
            crc = zlib.crc32(image.resize((out_width, out_height), method).tobytes())
            lines.append(f"{mode} {kind} {width} {height} {out_width} {out_height} {name} {crc:08x}")
    target = pathlib.Path(__file__).parent.parent / "vision" / "fixtures" / "pillow_resize.txt"
    target.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
