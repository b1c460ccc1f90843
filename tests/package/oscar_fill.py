"""Run inside the Oscar shop: a category tree, a dozen products with several pictures each, variants, prices and stock."""

import json
from pathlib import Path

from django.core.files.base import ContentFile
from oscar.apps.catalogue.models import Category, Product, ProductClass, ProductImage
from oscar.apps.partner.models import Partner, StockRecord

pictures = Path("pictures")
home = Category.add_root(name="Home")
rooms = {}
furniture = ProductClass.objects.create(name="Furniture", track_stock=True, requires_shipping=True)
partner = Partner.objects.create(name="Warehouse", code="warehouse")


def on_sale(product, price, stock):
    StockRecord.objects.create(
        product=product, partner=partner, partner_sku=f"P-{product.upc}", price=price, num_in_stock=stock
    )


for number, (sku, title, room) in enumerate(json.loads(Path("sold.json").read_text())):
    variants = number % 4 == 0
    product = Product.objects.create(
        upc=sku,
        title=title,
        description=f"<ul><li>{title}</li><li>for the <b>{room}</b></li></ul>",
        product_class=furniture,
        structure=Product.PARENT if variants else Product.STANDALONE,
    )
    if room not in rooms:
        rooms[room] = home.add_child(name=room)
    product.categories.add(rooms[room])
    for position, path in enumerate(sorted(pictures.glob(f"{sku}*.jpg"))):
        ProductImage.objects.create(
            product=product, original=ContentFile(path.read_bytes(), name=path.name), display_order=position
        )
    if variants:
        for letter in "ABC":
            child = Product.objects.create(
                upc=f"{sku}-{letter}", title=f"{title} {letter}", structure=Product.CHILD, parent=product
            )
            on_sale(child, 10 + number, 5)
    else:
        on_sale(product, 10 + number, 5)
Product.objects.create(upc="HIDDEN", title="Not for sale yet", product_class=furniture, is_public=False)
