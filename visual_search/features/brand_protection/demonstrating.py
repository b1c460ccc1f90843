"""A small brand made of a few of the shop's own pictures, and listings that show them altered, to try brand watch."""

from __future__ import annotations

import io
from collections.abc import Iterator
from decimal import Decimal

from PIL import Image

from visual_search import registry
from visual_search.content import objects
from visual_search.errors import BadInput, PictureRefused, said
from visual_search.features.brand_protection import offers, storing
from visual_search.features.brand_protection.measuring.alterations import altered
from visual_search.features.brand_protection.models import Brand

NAME, SITE = "Example Home", "https://market.example/offer"
_GENUINE, _OTHERS = 8, 12  # products of the brand, and others that stand beside
# How a seller shows the product, who sells it, its title, its price.
_OFFERS = (
    ("mirrored", "Bargain Barn", "Designer piece, as new", "49.00"),
    ("cut to 64 %", "Bargain Barn", "Original Example Home, factory second", "19.00"),
    ("with text", "QuickShip24", "Top quality, free shipping", "55.00"),
    ("collage of 4", "QuickShip24", "Set of four for your home", "89.00"),
    ("inset of 1/3", "Room Stories", "Complete room idea", "120.00"),
    ("app screenshot", "Phone Seller", "As seen in the app", "39.00"),
    ("recoloured", "Colour World", "Now in new colours", "59.00"),
    ("framed", "Official Partner", "Example Home, original", "99.00"),
)


def make() -> offers.Taken:
    """Make the brand, its genuine pictures and the listings that aren't there yet. Raises BadInput where pictures are too few."""
    shown = _pictures(_GENUINE + _OTHERS)
    if len(shown) < _GENUINE + 1:
        raise BadInput(
            said(
                "The shop has %(count)s pictures, and the example needs more. Import products first.", count=len(shown)
            )
        )
    brand, _ = Brand.objects.get_or_create(
        name=NAME,
        defaults={"words": NAME, "sellers": "Official Partner", "price_floor": Decimal(30), "currency": "EUR"},
    )
    genuine, others = shown[:_GENUINE], shown[_GENUINE:]
    for item, data in genuine:
        storing.add(brand, data, item=item)
    storing.rebuild()
    beside = [storing.opened(data) for _, data in others]
    taken = offers.Taken()
    for number, (how, seller, title, price) in enumerate(_OFFERS):
        item, data = genuine[number % len(genuine)]
        picture = altered(storing.opened(data), how, beside, number)
        _add(taken, f"{number + 1}", picture, seller=seller, title=title, price=price)
    for number, image in enumerate(beside[:4], len(_OFFERS) + 1):
        _add(taken, f"{number}", image, seller="Fair Deals", title=f"Something else {number}", price="75.00")
    return taken


def _add(taken: offers.Taken, number: str, image: Image.Image, *, seller: str, title: str, price: str) -> None:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=85)
    told = {
        "url": f"{SITE}/{number}",
        "seller": seller,
        "title": title,
        "price": Decimal(price),
        "currency": "EUR",
    }
    one = offers.take_picture(told, f"{number}.jpg", buffer.getvalue())
    taken.new, taken.changed, taken.same = taken.new + one.new, taken.changed + one.changed, taken.same + one.same


def _pictures(count: int) -> list[tuple[str, bytes]]:
    """The main pictures of as many products, each picture once, spread over the catalogue."""
    source = registry.source(registry.default())
    ids = [id for page in objects.pages_of_ids(source) for id in page]
    found: dict[bytes, str] = {}
    for id in ids[:: max(1, len(ids) // (2 * count))]:
        if len(found) == count:
            break
        for item, data in _of_object(source, id):
            found.setdefault(data, item)
            break
    return [(item, data) for data, item in found.items()]


def _of_object(source: registry.Source, id: str) -> Iterator[tuple[str, bytes]]:
    obj = objects.read_objects(source, [id]).get(id)
    for picture in sorted(source.pictures(obj), key=lambda one: one.position) if obj is not None else ():
        data = storing.loaded(picture)
        if data is None:
            continue
        try:
            storing.opened(data)
        except PictureRefused:
            continue
        yield next(iter(map(str, source.codes(obj))), id), data
