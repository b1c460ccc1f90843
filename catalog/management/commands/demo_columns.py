"""Write colours, prices and stock into a catalogue that lacks them, as the demo's does. docs/how-to/import-a-catalogue.md."""

from __future__ import annotations

import csv
import io
import json
import math
from argparse import ArgumentParser
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError
from PIL import Image

from visual_search.imaging import colour
from visual_search.imaging.copies import thumbnail
from visual_search.imaging.named_colours import NAMES, shares

COLUMNS = ("color", "price", "currency", "stock")
CURRENCY = "EUR"
MOST_IN_STOCK = 12
# --- Colours. The figures were chosen by looking at the demo's pictures under each name.
CLEAR = 0.6  # of the thing must have the colour
CLEAR_WITHOUT_HUE = 0.7  # of a white or grey thing: glass, metal and shadows are white and grey in part, too
VIVID = 0.6  # of saturation: paler orange and yellow are wood and beige, which have no name here
NOT_DARK = 0.3  # of value: a darker grey is called black by many
EVEN = 0.2  # the standard deviation of value: more is thin black on white, such as a railing
# --- Prices: euros for the square root of a litre, by the second level of the category; a sofa of 1,200 litres costs about 350.
RATE = 10.0
RATES = {"Exterior": 4.0, "Lights": 6.0, "Vehicles": 20.0, "Doors and windows": 14.0, "Bathroom": 12.0}
LEAST, MOST = 1.90, 9_999.90
SPREAD = 0.25  # by which a price may be lower or higher than its kind and size say


def colour_of(picture: Image.Image) -> str:
    """What shoppers call the colour of the thing on this picture; "" where it isn't clear."""
    share = shares([thumbnail(picture)])[0]
    name = NAMES[int(share.argmax())]
    pixels = colour.thumbnail(picture)
    hsv = np.asarray(Image.fromarray(pixels).convert("HSV"), np.float64)[colour.foreground(pixels)] / 255
    saturation, value = float(np.median(hsv[:, 1])), float(np.median(hsv[:, 2]))
    clear = share.max() >= (CLEAR_WITHOUT_HUE if name in ("grey", "white") else CLEAR)
    if name in ("orange", "yellow"):
        clear = clear and saturation >= VIVID
    elif name == "grey":
        clear = clear and value >= NOT_DARK and float(hsv[:, 2].std()) <= EVEN
    return name if clear else ""


def price_of(row: Mapping[str, str]) -> str:
    """A made-up price that fits the kind and the size, and always the same for the same sku: '349.90'."""
    measures = json.loads(row["attributes"] or "{}")
    if not isinstance(measures, dict):
        raise ValueError("attributes must be a JSON object")
    sides = [float(measures.get(name) or 10) for name in ("width", "depth", "height")]  # cm
    levels = row["category"].split(" > ")
    kind = next((RATES[level] for level in levels if level in RATES), RATE)
    share = 1 + SPREAD * (2 * _chance(row["sku"], "price") - 1)
    price = kind * math.sqrt(math.prod(sides) / 1000) * share
    return f"{min(max(math.floor(min(price, MOST)) + 0.9, LEAST), MOST):.2f}"


def stock_of(row: Mapping[str, str]) -> str:
    """A made-up stock from 1, always the same for the same sku."""
    return str(1 + int(_chance(row["sku"], "stock") * MOST_IN_STOCK))


def _chance(sku: str, use: str) -> float:
    """A number from 0 to below 1 that only depends on these texts."""
    return int.from_bytes(sha256(f"{use} {sku}".encode()).digest()[:6], "big") / 2**48


class Command(BaseCommand):
    help = (
        "Fills empty colours, prices and stocks of FOLDER/products.csv by a rule, for a demonstration. Each product needs a "
        "picture. What the file says already stays."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path, help="the folder")

    def handle(self, *, path: Path, **options: Any) -> None:
        file = path / "products.csv"
        try:
            reader = csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"), newline=""))
            rows = list(reader)
        except (OSError, ValueError, csv.Error) as error:
            raise CommandError(f"{file} can't be read: {error}") from error
        columns = list(reader.fieldnames or ())
        if missing := [name for name in ("sku", "category", "image", "attributes") if name not in columns]:
            raise CommandError(f"{file} has no column {', '.join(missing)}.")
        columns += [name for name in COLUMNS if name not in columns]
        for row in rows:
            try:
                self._fill(row, path)
            except (OSError, ValueError) as error:
                raise CommandError(f"{file}, {row['sku']}: {error}") from error
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        file.write_text(text.getvalue(), encoding="utf-8", newline="")
        named = sum(bool(row["color"]) for row in rows)
        self.stdout.write(f"{len(rows)} products have a price, {named} of them a colour.")

    def _fill(self, row: dict[Any, str], folder: Path) -> None:
        if None in row:
            raise ValueError("the line has more fields than the header")
        if not row.get("color"):
            with Image.open(folder / row["image"]) as picture:
                row["color"] = colour_of(picture)
        if not row.get("price"):
            row["price"], row["currency"] = price_of(row), CURRENCY
        row["stock"] = row.get("stock") or stock_of(row)
