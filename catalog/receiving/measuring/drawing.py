"""Draws packing slips in six layouts and four languages, and photographs them: askew, in uneven light, blurred, compressed."""

from __future__ import annotations

import io
import random
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from visual_search.errors import BadInput

LAYOUTS = ("ruled", "amount first", "ordered and delivered", "code below", "list", "dense")
LANGUAGES = ("en", "de", "fr", "es")
WIDTH, HEIGHT = 1654, 2339  # px: A4 at 200 dots an inch
# Title, item number, description, amount, unit price, total, ordered, delivered, pieces, position, thanks
_WORDS = {
    "en": "Packing slip|Item no.|Description|Qty|Unit price|Total|Ordered|Delivered|pcs|Pos|Thank you for your order",
    "de": "Lieferschein|Art.-Nr.|Bezeichnung|Menge|Einzelpreis|Gesamt|Bestellt|Geliefert|Stk|Pos|Vielen Dank",
    "fr": "Bon de livraison|Référence|Désignation|Quantité|Prix unitaire|Montant|Commandé|Livré|pcs|Nº|Merci",
    "es": "Albarán|Referencia|Descripción|Cantidad|Precio|Importe|Pedido|Entregado|uds|Nº|Gracias por su pedido",
}
_FONTS = ("DejaVuSans", "DejaVuSerif", "DejaVuSansMono", "DejaVuSansCondensed", "DejaVuSans", "DejaVuSerif")
_GAP = 40  # px between columns
_LIST_ROOM = 900  # px for the words of a list


@dataclass(frozen=True, slots=True)
class Printed:
    """What one row of a slip truly says."""

    sku: str
    title: str
    quantity: int
    ordered: int
    price: Decimal


def drawn(rows: Sequence[Printed], layout: str, language: str, seed: int) -> Image.Image:
    """The slip as it was printed. Raises BadInput where the machine has no letters with accents."""
    page = Image.new("RGB", (WIDTH, HEIGHT), "white")
    pen = ImageDraw.Draw(page)
    rng = random.Random(seed)  # noqa: S311 - the same slips each time, no secrets
    size = 26 if layout == "dense" else 32
    body, large = _font(layout, size), _font(layout, 52)
    slip, code, words, amount, price, total, ordered, delivered, pieces, place, thanks = _WORDS[language].split("|")
    pen.text((110, 110), slip, font=large, fill="black")
    pen.text((110, 190), f"{rng.choice(_FIRMS)}  {rng.randint(10000, 99999)}  {rng.randint(1, 28)}.{rng.randint(1, 12)}.2026",
             font=body, fill="black")  # fmt: skip
    top, step = 330, round(size * 2.1)
    columns = {
        "ruled": ((code, 110), (words, 420), (amount, 1020), (price, 1190), (total, 1400)),
        "amount first": ((amount, 110), (code, 330), (words, 700)),
        "ordered and delivered": ((place, 110), (code, 190), (words, 570), (ordered, 1150), (delivered, 1390)),
        "code below": ((words, 110), (amount, 1300)),
        "list": (),
        "dense": ((code, 90), (words, 360), (amount, 980), (price, 1180), (total, 1380)),
    }[layout]
    for name, left in columns:
        pen.text((left, top), name, font=body, fill="black")
    if layout == "ruled":
        pen.line((100, top + size + 14, WIDTH - 100, top + size + 14), fill="black", width=3)
    for number, row in enumerate(rows, 1):
        top += step
        title = _fitting(pen, row.title, body, _room(columns, words))
        told = {
            code: row.sku,
            words: title,
            amount: str(row.quantity) if layout != "dense" else f"{row.quantity} {pieces}",
            price: _money(row.price, language),
            total: _money(row.price * row.quantity, language),
            ordered: str(row.ordered),
            delivered: str(row.quantity),
            place: str(number),
        }
        if layout == "list":
            pen.text((110, top), f"{row.quantity} x {title}", font=body, fill="black")
            pen.text((1150, top), f"({row.sku})", font=body, fill="black")
            continue
        for name, left in columns:
            pen.text((left, top), told[name], font=body, fill="black")
        if layout == "code below":
            top += round(size * 1.4)
            pen.text((110, top), row.sku, font=body, fill="black")
        if layout == "ruled":
            pen.line((100, top + size + 16, WIDTH - 100, top + size + 16), fill="#999", width=2)
    pen.text((110, HEIGHT - 160), thanks, font=body, fill="black")
    return page


_FIRMS = ("Oak & Sons Ltd", "Nordholz GmbH", "Maison Lumière", "Muebles Sol S.L.", "Harbour Trading")


def photographed(page: Image.Image, seed: int) -> Image.Image:
    """As a phone takes it from above: on a table, askew, in uneven light, a little blurred, as JPEG."""
    import cv2  # noqa: PLC0415 - only measuring needs it here

    rng = np.random.default_rng(seed)
    wide, high = 2000, 2700
    table = np.full((high, wide, 3), rng.integers(40, 120, 3), np.uint8)
    margin = np.array([[150, 130], [wide - 150, 130], [wide - 150, high - 130], [150, high - 130]], np.float32)
    corners = margin + rng.uniform(-70, 70, (4, 2)).astype(np.float32)
    whole = np.array([[0, 0], [page.width, 0], [page.width, page.height], [0, page.height]], np.float32)
    matrix = cv2.getPerspectiveTransform(whole, corners)
    warped = cv2.warpPerspective(np.asarray(page), matrix, (wide, high), flags=cv2.INTER_AREA)
    mask = cv2.warpPerspective(np.full(page.size[::-1], 255, np.uint8), matrix, (wide, high))
    shown = np.where(mask[..., None] > 127, warped, table).astype(np.float32)
    across, down = rng.uniform(-0.25, 0.25, 2)
    light = (
        0.85 + across * np.linspace(-0.5, 0.5, wide)[None, :, None] + down * np.linspace(-0.5, 0.5, high)[:, None, None]
    )
    shown = shown * light + rng.normal(0, 6, shown.shape)
    image = Image.fromarray(np.clip(shown, 0, 255).astype(np.uint8)).filter(
        ImageFilter.GaussianBlur(rng.uniform(0.5, 1.3))
    )
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=int(rng.integers(70, 92)))
    return Image.open(io.BytesIO(buffer.getvalue())).convert("RGB")


def _room(columns: Sequence[tuple[str, int]], words: str) -> int:
    """How wide the words may be, in px."""
    left = dict(columns).get(words)
    if left is None:
        return _LIST_ROOM
    return min((other for _, other in columns if other > left), default=WIDTH - 100) - left - _GAP


def _fitting(pen: ImageDraw.ImageDraw, title: str, font: ImageFont.FreeTypeFont, room: int) -> str:
    while pen.textlength(title, font=font) > room:
        title = title[:-1].rstrip()
    return title


def _money(value: Decimal, language: str) -> str:
    text = f"{value:,.2f}"
    return text if language == "en" else text.replace(",", " ").replace(".", ",")


def _font(layout: str, size: int) -> ImageFont.FreeTypeFont:
    name = _FONTS[LAYOUTS.index(layout)]
    try:
        return ImageFont.truetype(f"{name}.ttf", size)
    except OSError as problem:
        raise BadInput(
            f"Slips are drawn with the font {name}, which isn't installed: apt install fonts-dejavu."
        ) from problem
