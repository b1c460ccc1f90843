"""An example to try receiving with: a supplier, an order, and a delivery with photos made of the shop's own pictures."""

from __future__ import annotations

import io
import random

from PIL import Image, ImageEnhance, ImageFilter

from catalog.files import limits
from catalog.models import Product
from catalog.receiving import arriving, purchasing
from catalog.receiving.models import PurchaseLine, PurchaseOrder, Supplier, SupplierCode
from visual_search.errors import BadInput, said
from visual_search.imaging.decode import decode

NAME = "Example Supplies"
ACTOR = "demo"
_PRODUCTS = 6  # that are ordered
_ALIKE = 3  # of the first one, in one photo
_SIDE = 900  # px
_SHELF = (196, 188, 176)


def make() -> int | None:
    """The number of the delivery that was made; None where the example is there already. Raises BadInput."""
    supplier, is_new = Supplier.objects.get_or_create(name=NAME, defaults={"lead_days": 10})
    if not is_new:
        return None
    chosen = [one for one in Product.objects.published().whole()[: 8 * _PRODUCTS : 8] if one.main_image()]
    if len(chosen) < 2:
        supplier.delete()
        raise BadInput(said("The example needs products with pictures. Import some first."))
    order = PurchaseOrder.objects.create(supplier=supplier)
    for number, product in enumerate(chosen):
        PurchaseLine.objects.create(order=order, product=product, sku=product.sku, quantity=_ALIKE + number)
        SupplierCode.objects.create(supplier=supplier, product=product, code=f"EX-{100 + number}", pack_size=1)
    purchasing.place(order, {}, ACTOR)
    delivery = arriving.open_delivery(ACTOR, order=order)
    for number, product in enumerate(chosen[:3]):
        arriving.take_photo(delivery, _photo(product, _ALIKE if number == 0 else 1, number), "photo.jpg", ACTOR)
    arriving.take_code(delivery, "EX-103", ACTOR)
    return delivery.pk


def _photo(product: Product, count: int, seed: int) -> bytes:
    """The product's picture so many times on a shelf: turned a little, darker, a little blurred."""
    image = product.main_image()
    assert image is not None
    picture = decode(image.read(), **limits(), name=product.sku)
    rng = random.Random(seed)  # noqa: S311 - the same photos each time, no secrets
    shelf = Image.new("RGB", (_SIDE, _SIDE * 2 // 3 if count > 1 else _SIDE), _SHELF)
    wide = shelf.width // count - 20
    for place in range(count):
        one = picture.copy()
        one.thumbnail((wide, shelf.height - 60))
        turned = one.rotate(rng.uniform(-5, 5), expand=True, fillcolor=(255, 255, 255))
        shelf.paste(turned, (10 + place * (wide + 20), (shelf.height - turned.height) // 2))
    dim = ImageEnhance.Brightness(shelf).enhance(0.88).filter(ImageFilter.GaussianBlur(1))
    buffer = io.BytesIO()
    dim.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()
