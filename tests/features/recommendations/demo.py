"""The demo's 756 products with the first picture of each, where they lie: nothing is copied."""

from __future__ import annotations

import csv
from pathlib import Path

from catalog.models import Product, ProductImage, ProductText, State
from tests.search.shop import Shop
from visual_search.signals import objects_changed

FOLDER = Path(__file__).resolve().parents[3] / "catalog/demo"


def fill(shop: Shop, settings) -> None:
    settings.MEDIA_ROOT = FOLDER
    with (FOLDER / "products.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    made = Product.objects.bulk_create(
        Product(
            sku=row["sku"],
            category=row["category"],
            colour=row["color"],
            price=row["price"],
            currency=row["currency"],
            stock=int(row["stock"]),
            state=State.PUBLISHED,
        )
        for row in rows
    )
    ProductText.objects.bulk_create(
        ProductText(product=product, language="en", title=row["title"]) for product, row in zip(made, rows, strict=True)
    )
    ProductImage.objects.bulk_create(
        ProductImage(product=product, file=row["image"], position=0) for product, row in zip(made, rows, strict=True)
    )
    objects_changed.send(Product, ids=[product.pk for product in made], deleted=False)
    shop.index()
