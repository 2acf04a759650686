#!/usr/bin/env python3
"""Writes tests/vision/fixtures/images/: small pictures of every format and kind, and in expected.txt the CRC-32 of the RGB pixels that
Pillow sees (turned by EXIF, alpha composited on white): NAME W H CRC.   python3 tests/reference/pillow_images.py"""
import pathlib
import zlib

import PIL
from PIL import Image, ImageOps

FOLDER = pathlib.Path(__file__).parent.parent / "vision" / "fixtures" / "images"
W, H = 23, 17


def gradient(mode):
    channels = len(mode) if mode != "CMYK" else 4
    data = bytes((x * (9 + 2 * c) + y * (5 + 3 * c) + 31 * c) & 255 for y in range(H) for x in range(W) for c in range(channels))
    return Image.frombytes(mode, (W, H), data)


def exif(orientation):
    block = Image.Exif()
    block[0x0112] = orientation
    return block


def pictures():
    rgb, grey, rgba, grey_alpha = gradient("RGB"), gradient("L"), gradient("RGBA"), gradient("LA")
    palette = rgb.quantize(16)
    yield "rgb.png", rgb, {}
    yield "grey.png", grey, {}
    yield "rgba.png", rgba, {}
    yield "grey_alpha.png", grey_alpha, {}
    yield "palette.png", palette, {}
    yield "palette_transparent.png", palette, {"transparency": 3}
    yield "rgb_transparent.png", rgb, {"transparency": rgb.getpixel((5, 5))}
    yield "bits1.png", grey.convert("1"), {}
    yield "turned.png", rgb, {"exif": exif(6)}
    yield "rgb.jpg", rgb, {"quality": 90, "subsampling": 0}
    yield "rgb_420.jpg", rgb, {"quality": 80, "subsampling": 2}
    yield "progressive.jpg", rgb, {"quality": 80, "progressive": True}
    yield "grey.jpg", grey, {"quality": 90}
    yield "cmyk.jpg", gradient("CMYK"), {"quality": 95}
    for orientation in range(1, 9):
        yield f"exif{orientation}.jpg", rgb, {"quality": 90, "exif": exif(orientation)}
    yield "lossless.webp", rgb, {"lossless": True}
    yield "lossy.webp", rgb, {"quality": 80}
    yield "rgba.webp", rgba, {"lossless": True, "exact": True}
    yield "turned.webp", rgb, {"lossless": True, "exif": exif(8)}
    yield "animated.webp", rgb, {"lossless": True, "save_all": True, "append_images": [ImageOps.invert(rgb)]}
    yield "rgb.bmp", rgb, {}
    yield "palette.bmp", palette, {}
    yield "palette.gif", palette, {}
    yield "transparent.gif", palette, {"transparency": 2}
    yield "animated.gif", palette, {"save_all": True, "append_images": [ImageOps.invert(rgb).quantize(16)]}
    yield "rgb.ppm", rgb, {}
    yield "grey.pgm", grey, {}


def seen(path):
    """As transformers 5.23 loads a picture."""
    image = ImageOps.exif_transpose(Image.open(path))
    if "A" in image.getbands() or "transparency" in image.info:
        rgba = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", rgba.size, (255, 255, 255, 255)), rgba).convert("RGB")
    return image.convert("RGB")


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    lines = [f"# Pillow {PIL.__version__}; written by tests/reference/pillow_images.py"]
    for name, image, options in pictures():
        image.save(FOLDER / name, **options)
        rgb = seen(FOLDER / name)
        lines.append(f"{name} {rgb.width} {rgb.height} {zlib.crc32(rgb.tobytes()):08x}")
    (FOLDER / "expected.txt").write_text("\n".join(lines) + "\n")


main()
