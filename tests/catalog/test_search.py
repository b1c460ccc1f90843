"""What the shop tells search about a product."""

from decimal import Decimal

import pytest
from django.core.files.base import ContentFile

from catalog.models import Product, ProductImage, ProductText, State
from catalog.search import Products
from tests.catalog.conftest import picture

pytestmark = pytest.mark.django_db


def test_a_product_is_read_whole(django_assert_num_queries) -> None:
    product = Product.objects.create(
        sku="A",
        category="Home > Office",
        brand="Acme",
        price=Decimal("9.99"),
        currency="EUR",
        stock=2,
        codes=["4006381333931"],
        state=State.PUBLISHED,
    )
    ProductText.objects.create(product=product, language="de", title="Stuhl")
    ProductText.objects.create(product=product, language="en", title="Chair", description="Soft.", keywords=["seat"])
    image = ProductImage(product=product)
    image.file.save("x.jpg", ContentFile(picture()), save=True)
    Product.objects.create(sku="B", state=State.DRAFT)

    source = Products()
    with django_assert_num_queries(3):
        (product,) = source.queryset()
        (shown,) = source.pictures(product)
        texts = source.texts(product)
        card = source.card(product, "de")
    assert shown.load() == picture()
    assert list(texts) == ["en", "de"]
    assert texts["en"].keywords == ("seat",)
    assert source.facets(product) == {
        "category": "Home > Office",
        "brand": "Acme",
        "colour": None,
        "price": Decimal("9.99"),
        "in_stock": True,
    }
    assert list(source.codes(product)) == ["A", "4006381333931"]
    assert (card.title, card.price, card.url) == ("Stuhl", "9.99 EUR", "/p/A/")
    assert card.image_url.endswith(".jpg")
