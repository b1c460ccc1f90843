"""Seven products of the reference shop with drawn pictures, indexed for real; fixtures for search, API, pages and browser."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.base import ContentFile
from PIL import Image, ImageDraw

from catalog.models import Product, ProductImage, ProductText, State
from tests.shop import doubles
from visual_search import indexing, wiring
from visual_search.engines.embedded import EmbeddedEngine
from visual_search.errors import EngineUnavailable
from visual_search.types import Query, QueryPicture

COLOURS = {
    "red": (200, 30, 30), "blue": (30, 60, 200), "green": (30, 140, 60), "brass": (190, 150, 60),
    "black": (20, 20, 20), "brown": (120, 80, 40),
}  # fmt: skip
FIRST_ID = 1_000_001
# sku -> (title, German title, category, shape, colour, price, stock)
PRODUCTS: dict[str, tuple[str, str, str, str, str, int, int]] = {
    "CHR-RED-01": ("Red chair", "Roter Stuhl", "Home > Seating > Chairs", "chair", "red", 49, 3),
    "CHR-BLU-02": ("Blue chair", "Blauer Stuhl", "Home > Seating > Chairs", "chair", "blue", 59, 2),
    "SOF-GRN-03": ("Green sofa", "Grünes Sofa", "Home > Seating > Sofas", "sofa", "green", 499, 1),
    "LMP-BRS-04": ("Brass lamp", "Messinglampe", "Home > Light", "lamp", "brass", 89, 0),
    "MUG-BLK-05": ("Black mug", "Schwarze Tasse", "Kitchen", "mug", "black", 9, 12),
    "TAB-BRN-06": ("Wooden table", "Holztisch", "Home > Tables", "table", "brown", 199, 4),
    "GFT-CRD-07": ("Gift card", "Gutschein", "Gifts", "", "", 25, 99),
}  # fmt: skip
SHAPES = {
    "chair": [(60, 20, 80, 180), (60, 100, 150, 120), (130, 100, 150, 180)],
    "sofa": [(20, 70, 180, 110), (10, 100, 190, 150), (20, 150, 35, 170), (165, 150, 180, 170)],
    "lamp": [(60, 20, 140, 70), (95, 70, 105, 170), (70, 170, 130, 182)],
    "mug": [(50, 60, 130, 160), (130, 80, 160, 140)],
    "table": [(20, 80, 180, 95), (30, 95, 42, 175), (158, 95, 170, 175)],
}


def draw(shape: str, colour: str, *, shift: int = 0, background: str = "white", size: int = 200) -> Image.Image:
    image = Image.new("RGB", (200, 200), background)
    pen = ImageDraw.Draw(image)
    for left, top, right, bottom in SHAPES[shape]:
        pen.rectangle((left + shift, top, right + shift, bottom), fill=COLOURS[colour])
    return image.resize((size, size))


def to_bytes(image: Image.Image, kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


def photo_of(shape: str, colour: str) -> bytes:
    """A shopper's photo: as the product's own picture, but moved, greyer and as JPEG."""
    return to_bytes(draw(shape, colour, shift=4, background="#f4f2ee"), "JPEG")


@dataclass
class Shop:
    """What the tests do with the indexed shop."""

    settings: Any
    folder: Any
    products: dict[str, Product] = field(default_factory=dict)

    def use(self, *, engine: str = "tests.shop.doubles.BreakableEngine", **more: Any) -> None:
        self.settings.VISUAL_SEARCH = {
            **self.settings.VISUAL_SEARCH,
            "ENGINE": {"BACKEND": engine, "OPTIONS": {"folder": self.folder / "search"}},
            "ENCODER": {"BACKEND": "tests.shop.doubles.ThumbnailEncoder", "OPTIONS": {}},
            **more,
        }

    def id(self, sku: str) -> str:
        return str(self.products[sku].pk)

    def add(self, sku: str, title: str, *pictures: Image.Image, german: str = "", **fields: Any) -> Product:
        # Equals are ordered by their ids as texts, and a database goes on counting after other tests: "9" and then "10".
        id = FIRST_ID + len(self.products)
        product = Product.objects.create(pk=id, sku=sku, state=State.PUBLISHED, currency="EUR", **fields)
        ProductText.objects.create(product=product, language="en", title=title)
        if german:
            ProductText.objects.create(product=product, language="de", title=german)
        for position, picture in enumerate(pictures):
            file = ContentFile(to_bytes(picture), name=f"{sku}-{position}.png")
            ProductImage.objects.create(product=product, file=file, position=position)
        self.products[sku] = product
        return product

    def fill(self) -> None:
        for sku, (title, german, category, shape, colour, price, stock) in PRODUCTS.items():
            pictures = [draw(shape, colour)] if shape else []
            self.add(
                sku, title, *pictures, german=german, category=category, colour=colour, price=Decimal(price),
                stock=stock, brand="Nordic" if "chair" in title else "Plain",
            )  # fmt: skip
        self.index()

    def index(self) -> None:
        outcome = indexing.index_pending("products")
        assert not outcome.failed, outcome
        wiring.engine().refresh("products")


class FacetlessEngine(EmbeddedEngine):
    """The embedded engine, whose counting is out of order."""

    def facets(self, collection, ids, fields, *, each=None):
        raise EngineUnavailable("The columns can't be read.")


def add_gadgets() -> dict[str, str]:
    """Fill the collection "gadgets"; returns name -> id."""
    # Not every project that this shop is used in has this app.
    from tests.shop.models import Gadget, GadgetImage

    ids = {}
    for name, colour, price in (
        ("Red chair cover", "red", 9),
        ("Brass polish", "brass", 4),
        ("Chair glider", "black", 2),
    ):
        gadget = Gadget.objects.create(name=name, sku=f"G-{price}", price=price, category="Care")
        GadgetImage.objects.create(gadget=gadget, file=ContentFile(to_bytes(draw("chair", colour)), name="gadget.png"))
        ids[name] = str(gadget.pk)
    outcome = indexing.index_pending("gadgets")
    assert not outcome.failed, outcome
    wiring.engine().refresh("gadgets")
    return ids


@pytest.fixture
def empty_shop(settings, tmp_path, db, _intact) -> Iterator[Shop]:
    settings.MEDIA_ROOT = tmp_path / "media"
    shop = Shop(settings, tmp_path)
    shop.use()
    yield shop
    wiring.reset()


@pytest.fixture
def shop(empty_shop: Shop) -> Shop:
    empty_shop.fill()
    return empty_shop


@pytest.fixture
def gadgets(shop: Shop) -> dict[str, str]:
    """A second collection beside the products: name -> id. Its first ids are those of products, too."""
    return add_gadgets()


@pytest.fixture
def _intact(monkeypatch) -> None:
    for cls, values in {
        doubles.ThumbnailEncoder: {"down": False, "wrong_weights": False, "texts_encoded": [], "on_images": None},
        doubles.BreakableEngine: {"down": False, "poison": ""},
    }.items():
        for name, value in values.items():
            monkeypatch.setattr(cls, name, value)


def picture_query(image: Image.Image, **more: Any) -> Query:
    return Query(pictures=(QueryPicture(image=image),), **more)
