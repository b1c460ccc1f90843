"""Alters a picture in 23 ways in which sellers show somebody else's, alone or among other things; seeded, with Pillow alone."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from visual_search.measuring import alterations as saving

Picture = Image.Image
Chance = np.random.Generator
SIDE = 800  # px of the longer side of what stands among other things


def _saved_small(image: Picture, others: Sequence[Picture], chance: Chance) -> Picture:
    return saving.ALTERATIONS["a quarter of the size"](image) if min(image.size) > 256 else _half(image)


def _half(image: Picture) -> Picture:
    return _jpeg(image.resize((max(64, image.width // 2), max(64, image.height // 2)), Image.Resampling.LANCZOS), 60)


def _saved_again(image: Picture, others: Sequence[Picture], chance: Chance) -> Picture:
    return _jpeg(image, 30)


def _recoloured(image: Picture, others: Sequence[Picture], chance: Chance) -> Picture:
    hue, saturation, value = image.convert("HSV").split()
    turn = int(chance.integers(40, 216))
    return Image.merge("HSV", (hue.point(lambda level: (level + turn) % 256), saturation, value)).convert("RGB")


def _grey(image: Picture, others: Sequence[Picture], chance: Chance) -> Picture:
    return image.convert("L").convert("RGB")


def _darker(image: Picture, others: Sequence[Picture], chance: Chance) -> Picture:
    return ImageEnhance.Color(ImageEnhance.Contrast(ImageEnhance.Brightness(image).enhance(0.7)).enhance(1.3)).enhance(
        0.6
    )


def _stretched(image: Picture, others: Sequence[Picture], chance: Chance) -> Picture:
    return image.resize((round(image.width * 1.3), image.height), Image.Resampling.BICUBIC)


def _mirrored(image: Picture, others: Sequence[Picture], chance: Chance) -> Picture:
    return ImageOps.mirror(image)


def _quarter_turn(image: Picture, others: Sequence[Picture], chance: Chance) -> Picture:
    return image.transpose(Image.Transpose.ROTATE_90)


def _cut(share: float) -> Callable[[Picture, Sequence[Picture], Chance], Picture]:
    """What is left has `share` of the area, not quite from the middle."""

    def cut(image: Picture, others: Sequence[Picture], chance: Chance) -> Picture:
        width, height = (round(side * share**0.5) for side in image.size)
        left = round((image.width - width) * chance.uniform(0.3, 0.7))
        top = round((image.height - height) * chance.uniform(0.3, 0.7))
        return image.crop((left, top, left + width, top + height))

    return cut


def _turned(image: Picture, others: Sequence[Picture], chance: Chance) -> Picture:
    return image.rotate(8, Image.Resampling.BICUBIC, expand=True, fillcolor=(255, 255, 255))


def _framed(image: Picture, others: Sequence[Picture], chance: Chance) -> Picture:
    colour = tuple(int(level) for level in chance.integers(0, 200, 3))
    return ImageOps.expand(image, border=max(6, min(image.size) // 8), fill=colour)


def _with_text(image: Picture, others: Sequence[Picture], chance: Chance) -> Picture:
    written = image.copy()
    pen = ImageDraw.Draw(written)
    size = max(10, image.height // 10)
    pen.rectangle((0, image.height - 2 * size, image.width, image.height), fill=(20, 20, 20))
    pen.text((size // 2, image.height - 1.6 * size), "FREE SHIPPING 24H", fill=(255, 220, 0), font_size=size)
    pen.text((image.width // 8, image.height // 2), "www.shop.example", fill=(120, 120, 120), font_size=size)
    return written


def _with_stickers(image: Picture, others: Sequence[Picture], chance: Chance) -> Picture:
    marked = image.copy()
    pen = ImageDraw.Draw(marked)
    for text, colour in (("-50%", (220, 30, 30)), ("NEW", (20, 120, 220)), ("TOP", (20, 160, 60))):
        radius = min(image.size) // 9
        x, y = (int(chance.integers(radius, side - radius)) for side in image.size)
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
        pen.text((x, y), text, fill="white", anchor="mm", font_size=max(8, radius // 2))
    return marked


def _other_background(image: Picture, others: Sequence[Picture], chance: Chance) -> Picture:
    """The thing is cut out of its even background and stands before another one, three quarters as large."""
    size = (max(image.size), max(image.size))
    behind = _room(others, chance, size)
    small = image.resize((round(image.width * 0.75), round(image.height * 0.75)), Image.Resampling.LANCZOS)
    mask = _thing(small)
    behind.paste(small, ((size[0] - small.width) // 2, (size[1] - small.height) // 2), mask)
    return behind


def _collage(across: int) -> Callable[[Picture, Sequence[Picture], Chance], Picture]:
    def collage(image: Picture, others: Sequence[Picture], chance: Chance) -> Picture:
        page, cell = Image.new("RGB", (SIDE, SIDE), "white"), SIDE // across
        place = int(chance.integers(across**2))
        for number in range(across**2):
            shown = image if number == place else _one(others, chance)
            fitted = ImageOps.contain(shown, (cell - 6, cell - 6))
            page.paste(fitted, (number % across * cell + 3, number // across * cell + 3))
        return page

    return collage


def _inset(share: float) -> Callable[[Picture, Sequence[Picture], Chance], Picture]:
    """A part of a picture of a room. `share`: its longer side in that of the whole."""

    def inset(image: Picture, others: Sequence[Picture], chance: Chance) -> Picture:
        room = _room(others, chance, (SIDE, SIDE * 3 // 4))
        side = round(SIDE * share)
        small = ImageOps.contain(image, (side, side))
        x, y = (int(chance.integers(0, whole - part + 1)) for whole, part in zip(room.size, small.size, strict=True))
        room.paste(small, (x, y))
        return room

    return inset


def _screenshot(image: Picture, others: Sequence[Picture], chance: Chance) -> Picture:
    """A shop's app on a phone: bars, the picture, a title, a price, two more tiles."""
    page = Image.new("RGB", (450, SIDE), "white")
    pen = ImageDraw.Draw(page)
    pen.rectangle((0, 0, 450, 28), fill=(30, 30, 30))
    pen.text((12, 8), "09:41", fill="white", font_size=13)
    pen.rectangle((0, 28, 450, 78), fill=(240, 120, 20))
    pen.text((16, 44), "Search 1,000,000 offers", fill="white", font_size=18)
    shown = ImageOps.contain(image, (450, 400))
    page.paste(shown, ((450 - shown.width) // 2, 84))
    pen.text((16, 500), "Original quality, free shipping", fill=(20, 20, 20), font_size=20)
    pen.text((16, 530), "EUR 19.99", fill=(200, 30, 30), font_size=26)
    for number in range(2):
        page.paste(ImageOps.contain(_one(others, chance), (200, 150)), (16 + 220 * number, 580))
    pen.rectangle((0, SIDE - 56, 450, SIDE), fill=(240, 120, 20))
    pen.text((150, SIDE - 40), "ADD TO CART", fill="white", font_size=20)
    return page


def _cut_mirrored_screenshot(image: Picture, others: Sequence[Picture], chance: Chance) -> Picture:
    return _screenshot(ImageOps.mirror(_cut(0.64)(image, others, chance)), others, chance)


def _off_a_screen(image: Picture, others: Sequence[Picture], chance: Chance) -> Picture:
    """Photographed: in perspective, with the grid of the screen, a reflection, blur and noise."""
    page = _screenshot(image, others, chance)
    width, height = page.size
    pixels: npt.NDArray[Any] = np.array(page, np.float32)
    pixels[::3] *= 0.86
    pixels[:, ::3] *= 0.9
    shine = np.linspace(0, 1, width)[None, :, None] * np.linspace(1, 0, height)[:, None, None]
    pixels = pixels * 0.85 + 60 * shine
    moved = [chance.uniform(0, 0.06) * side for side in (width, height) * 4]
    corners = (-moved[0], -moved[1], -moved[2], height + moved[3], width + moved[4], height + moved[5])
    quad = (*corners, width + moved[6], -moved[7])
    seen = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).transform(
        page.size, Image.Transform.QUAD, quad, Image.Resampling.BICUBIC, fillcolor=(40, 36, 34)
    )
    noisy = np.asarray(seen.filter(ImageFilter.GaussianBlur(0.7)), np.float32) + chance.normal(0, 5, (height, width, 1))
    return _jpeg(Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)), 75)


def _mirrored_cut_text_filter(image: Picture, others: Sequence[Picture], chance: Chance) -> Picture:
    changed = _with_text(ImageOps.mirror(_cut(0.64)(image, others, chance)), others, chance)
    return _jpeg(_recoloured(_darker(changed, others, chance), others, chance), 50)


ALTERATIONS: Mapping[str, Callable[[Picture, Sequence[Picture], Chance], Picture]] = {
    "saved again": _saved_again,
    "saved small": _saved_small,
    "recoloured": _recoloured,
    "grey": _grey,
    "darker": _darker,
    "stretched": _stretched,
    "mirrored": _mirrored,
    "quarter turn": _quarter_turn,
    "cut to 64 %": _cut(0.64),
    "cut to 36 %": _cut(0.36),
    "turned by 8 degrees": _turned,
    "framed": _framed,
    "with text": _with_text,
    "with stickers": _with_stickers,
    "other background": _other_background,
    "collage of 4": _collage(2),
    "collage of 9": _collage(3),
    "inset of 1/3": _inset(1 / 3),
    "inset of 1/5": _inset(1 / 5),
    "app screenshot": _screenshot,
    "cut, mirrored, in an app": _cut_mirrored_screenshot,
    "photo of a screen": _off_a_screen,
    "mirrored, cut, text, filter": _mirrored_cut_text_filter,
}


def altered(image: Picture, how: str, others: Sequence[Picture], seed: int) -> Picture:
    """The picture as a listing shows it. `others`: what stands beside it there, none of them genuine. The seed decides chance."""
    return ALTERATIONS[how](image.convert("RGB"), others, np.random.default_rng(seed))


def _jpeg(image: Picture, quality: int) -> Picture:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")


def _one(others: Sequence[Picture], chance: Chance) -> Picture:
    return others[int(chance.integers(len(others)))] if others else Image.new("RGB", (64, 64), (200, 200, 190))


def _room(others: Sequence[Picture], chance: Chance, size: tuple[int, int]) -> Picture:
    """A wall and a floor of any colour with grain, and things before them."""
    width, height = size
    wall, floor = chance.integers(110, 240, (2, 3)).astype(np.float32)
    pixels = np.where((np.arange(height) < 0.62 * height)[:, None, None], wall, floor)
    pixels = np.broadcast_to(pixels, (height, width, 3)) * np.linspace(0.85, 1.1, width)[None, :, None]
    grain = np.repeat(np.repeat(chance.normal(0, 5, (height // 2 + 1, width // 2 + 1, 1)), 2, 0), 2, 1)
    room = Image.fromarray(np.clip(pixels + grain[:height, :width], 0, 255).astype(np.uint8))
    for _ in range(5):
        side = round(width * chance.uniform(0.2, 0.4))
        thing = ImageOps.contain(_one(others, chance), (side, side))
        x, y = (
            int(chance.integers(-part // 3, whole - part // 2)) for whole, part in zip(size, thing.size, strict=True)
        )
        room.paste(thing, (x, y), _thing(thing))
    return room


def _thing(image: Picture) -> Picture:
    """A mask of what isn't the even background that touches the corners."""
    filled = image.copy()
    marker = (255, 0, 254)
    for corner in ((0, 0), (image.width - 1, 0), (0, image.height - 1), (image.width - 1, image.height - 1)):
        ImageDraw.floodfill(filled, corner, marker, thresh=30)
    outside = (np.asarray(filled) == np.array(marker)).all(axis=2)
    return Image.fromarray(np.where(outside, 0, 255).astype(np.uint8))
