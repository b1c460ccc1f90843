"""Brands, genuine pictures and listings for tests."""

from __future__ import annotations

import io
from decimal import Decimal
from pathlib import Path

import pytest
from PIL import Image

from visual_search.features.brand_protection import offers, storing, watching
from visual_search.features.brand_protection.measuring.alterations import altered
from visual_search.features.brand_protection.models import Brand, BrandCase, Listing

IMAGES = Path(__file__).resolve().parents[3] / "catalog/demo/images"
GENUINE = ("SH3-BBY-001", "SH3-BBY-021", "SH3-SCO-284", "SH3-KAL-044", "SH3-BC0-152", "SH3-BC0-001")
OTHERS = ("SH3-BBY-010", "SH3-SCO-100", "SH3-KAL-060", "SH3-BC0-050")


def data_of(name: str) -> bytes:
    return (IMAGES / f"{name}.jpg").read_bytes()


def image_of(name: str) -> Image.Image:
    return Image.open(IMAGES / f"{name}.jpg").convert("RGB")


def jpeg(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def shown(name: str, how: str, seed: int = 3) -> Image.Image:
    """The picture altered, beside pictures of strangers."""
    return altered(image_of(name), how, [image_of(other) for other in OTHERS], seed)


@pytest.fixture
def fresh_files(settings, tmp_path):
    settings.STORAGES = {
        **settings.STORAGES,
        "private": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "private"},
        },
    }


class Market:
    """A brand with six genuine pictures; `offer` takes a listing in, and `look` looks at all that wait."""

    def __init__(self) -> None:
        self.brand = Brand.objects.create(name="Acme", words="Acme", sellers="Official Store")
        for name in GENUINE:
            storing.add(self.brand, data_of(name), item=name)
        storing.rebuild()

    def offer(self, picture: bytes, **told: object) -> Listing:
        number = Listing.objects.count()
        values = {
            "url": f"https://market.example/{number}",
            "seller": "Bargain Barn",
            "title": "A thing",
            "price": Decimal("10.00"),
            "currency": "EUR",
        }
        offers.take_picture({**values, **told}, f"{number}.jpg", picture)
        return Listing.objects.order_by("-pk").first()

    def copy(self, name: str = GENUINE[0], how: str = "mirrored", **told: object) -> BrandCase:
        listing = self.offer(jpeg(shown(name, how)), **told)
        self.look()
        return BrandCase.objects.get(listing=listing)

    def look(self) -> watching.Watched:
        return watching.watch()


def kept(file) -> bytes:
    """What a field's file holds; it is closed again."""
    with file.open("rb") as opened:
        return opened.read()
