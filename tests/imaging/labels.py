"""Pictures of packages for the tests of reading and comparing, drawn with the font that Pillow brings."""

from __future__ import annotations

import numpy as np
import zxingcpp
from PIL import Image, ImageDraw, ImageFont


def package(words: str, *, colour: str = "steelblue", size: int = 400, seed: int = 0) -> Image.Image:
    """A box on white with words and a pattern that no other seed has."""
    image = Image.new("RGB", (400, 400), "white")
    pen = ImageDraw.Draw(image)
    pen.rectangle((60, 20, 340, 380), fill=colour)
    random = np.random.default_rng(seed)
    for _ in range(40):
        left, top = (int(value) for value in random.integers((65, 180), (310, 350)))
        shade = tuple(int(value) for value in random.integers(0, 255, 3))
        pen.polygon([(left, top), (left + int(random.integers(8, 26)), top + 4), (left + 6, top + 22)], fill=shade)
    for number, word in enumerate(words.split()):
        pen.text((80, 40 + 60 * number), word, fill="white", font=ImageFont.load_default(44))
    return image.resize((size, size), Image.Resampling.LANCZOS)


def printed(columns: int, rows: int) -> Image.Image:
    """A page of words in small print, and one in large letters above them."""
    page = Image.new("RGB", (1024, 1024), "white")
    draw = ImageDraw.Draw(page)
    draw.text((40, 10), "VALIO", fill="black", font=ImageFont.load_default(90))
    for row in range(rows):
        for column in range(columns):
            draw.text((column * 70, 140 + row * 22), f"word{row % 10}", fill="black", font=ImageFont.load_default(14))
    return page


def on_a_shelf(picture: Image.Image, *, angle: float = 6, scale: float = 0.7) -> Image.Image:
    """The package as a shopper photographs it: turned, smaller, before something grey."""
    side = int(400 * scale)
    cut = picture.crop((60, 20, 340, 380)).resize((int(side * 0.7), side)).convert("RGBA")
    turned = cut.rotate(angle, expand=True, resample=Image.Resampling.BICUBIC)
    noise = np.random.default_rng(1).integers(90, 150, (400, 400, 1), np.uint8)
    scene = Image.fromarray(np.repeat(noise, 3, axis=2))
    scene.paste(turned, (80, 50), turned)
    return scene


def barcode(text: str, kind: zxingcpp.BarcodeFormat = zxingcpp.BarcodeFormat.EAN13) -> Image.Image:
    bars = Image.fromarray(np.array(zxingcpp.create_barcode(text, kind).to_image(scale=3))).convert("RGB")
    scene = Image.new("RGB", (bars.width + 80, bars.height + 80), "white")
    scene.paste(bars, (40, 40))
    return scene
