"""Draws two pictures side by side, with the parts that match: evidence that a person can judge. No Django in here."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageOps

SIDE = 480  # px of each picture's longer side
_GAP = 16
_COLOURS = ("#d7301f", "#2171b5", "#238b45", "#88419d", "#cc7a00", "#08818c")


def beside(listing: Image.Image, genuine: Image.Image, lines: Sequence[Sequence[float]]) -> Image.Image:
    """The listing's picture on the left, the genuine one on the right, a line for each pair of places.

    `lines`: x and y in the listing's picture, then in the genuine one, in shares of their sides.
    """
    left, right = (ImageOps.contain(one.convert("RGB"), (SIDE, SIDE)) for one in (listing, genuine))
    page = Image.new("RGB", (left.width + _GAP + right.width, max(left.height, right.height)), "white")
    page.paste(left, (0, 0))
    page.paste(right, (left.width + _GAP, 0))
    pen = ImageDraw.Draw(page)
    for number, (x, y, u, v) in enumerate(lines):
        colour = _COLOURS[number % len(_COLOURS)]
        here = (x * left.width, y * left.height)
        there = (left.width + _GAP + u * right.width, v * right.height)
        pen.line((*here, *there), fill=colour, width=1)
        for across, down in (here, there):
            pen.ellipse((across - 3, down - 3, across + 3, down + 3), outline=colour, width=2)
    return page
