"""Small catalogues made on the spot."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

COLUMNS = [
    "sku",
    "parent_sku",
    "title",
    "description",
    "category",
    "brand",
    "color",
    "price",
    "currency",
    "image",
    "extra_images",
    "category_picture",
    "attributes",
    "gtin",
    "stock",
]


def picture(colour: str = "red", size: tuple[int, int] = (64, 48), kind: str = "JPEG") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, kind)
    return buffer.getvalue()


@pytest.fixture
def catalogue(tmp_path: Path) -> Callable[..., Path]:
    """Writes a catalogue folder from row dictionaries and gives its path."""

    def write(*rows: dict[str, str], translations: tuple[dict[str, str], ...] = ()) -> Path:
        folder = tmp_path / "catalogue"
        (folder / "images").mkdir(parents=True, exist_ok=True)
        with (folder / "products.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows({"title": "Chair", **row} for row in rows)
        if translations:
            with (folder / "products_i18n.csv").open("w", newline="") as file:
                writer = csv.DictWriter(file, ["sku", "lang", "title", "description"])
                writer.writeheader()
                writer.writerows(translations)
        for row in rows:
            for name in [row.get("image", ""), *row.get("extra_images", "").split("|")]:
                if name and not (folder / name).exists():
                    (folder / name).write_bytes(picture())
        return folder

    return write


@pytest.fixture(autouse=True)
def own_media(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    private = {**settings.STORAGES["private"], "OPTIONS": {"location": tmp_path / "private"}}
    settings.STORAGES = {**settings.STORAGES, "private": private}
    # These tests are about the shop; what indexing does has tests of its own.
    settings.VISUAL_SEARCH = {**settings.VISUAL_SEARCH, "IN_PROCESS": True, "INDEX_IN_BACKGROUND": False}
