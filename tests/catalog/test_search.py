"""What the shop tells search about a product."""

from decimal import Decimal

import pytest
from django.core.files.base import ContentFile

from catalog.models import Product, ProductImage, ProductText, State
from catalog.search import Products
from tests.catalog.conftest import picture
from visual_search.querying.cards import cards

pytestmark = pytest.mark.django_db


LANGUAGES = (None, "en", "de", "fr", "pl", "ja", "zh", "zh-tw", "zh-hk", "pt-BR", "en-gb")


@pytest.fixture
def stocked() -> None:
    """Products with each kind of texts and pictures that a tile can meet."""
    texts: dict[str, list[tuple[str, str]]] = {
        "ALL": [
            ("de", "Stuhl"),
            ("en", "Chair"),
            ("ja", "椅子"),
            ("zh", "椅子"),
            ("zh-tw", "凳子"),
            ("pt-pt", "Cadeira"),
            ("pt-br", "Poltrona"),
        ],
        "NO-ENGLISH": [("pl", "Krzesło"), ("fr", "Chaise")],
        "EMPTY": [("de", ""), ("en", "Lamp")],
        "NONE": [],
    }
    photo, view, main = ProductImage.Role.PHOTO, ProductImage.Role.VIEW, ProductImage.Role.MAIN
    roles = {
        "ALL": [(3, main), (1, view), (0, photo)],
        "NO-ENGLISH": [(0, photo)],
        "EMPTY": [(2, view), (2, main)],
        "NONE": [],
    }
    for number, (sku, own) in enumerate(texts.items()):
        price = Decimal(number) * 1000 or None
        product = Product.objects.create(
            sku=sku, state=State.PUBLISHED, price=price, currency="EUR" if price else "", stock=number % 2, codes=["1"]
        )
        for language, title in own:
            ProductText.objects.create(product=product, language=language, title=title, description="Soft.")
        for position, role in roles[sku]:
            image = ProductImage(product=product, position=position, role=role)
            image.file.save(f"{sku}-{position}.jpg", ContentFile(picture(), "x.jpg"))
    ProductImage.objects.filter(product__sku="ALL").update(renditions={"avif": [320, 640, 1280], "webp": [320]})
    Product.objects.create(sku="DRAFT")


@pytest.mark.usefixtures("stocked")
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_tile_shows_the_same_whether_it_is_read_for_it_or_whole(language, django_assert_num_queries) -> None:
    source = Products()
    whole = {product.sku: source.card(product, language) for product in source.queryset()}
    with django_assert_num_queries(1):
        read = {product.sku: source.card(product, language) for product in source.card_queryset(language)}
    assert read == whole
    assert set(read) == {"ALL", "NO-ENGLISH", "EMPTY", "NONE"}
    assert (read["NONE"].title, read["NONE"].image_url, read["NO-ENGLISH"].image_url) == ("NONE", "", "")
    own = {"de": "Stuhl", "ja": "椅子", "zh": "椅子", "zh-tw": "凳子", "zh-hk": "椅子", "pt-BR": "Poltrona"}
    assert read["ALL"].title == own.get(language, "Chair")
    shown = ProductImage.objects.get(product__sku="ALL", role=ProductImage.Role.VIEW)
    assert read["ALL"].image_url == shown.url
    stem = shown.url.removesuffix(".jpg")
    assert [(source.type, source.srcset) for source in read["ALL"].image_sources] == [
        ("image/avif", f"{stem}-1.avif 320w, {stem}-2.avif 640w"),
        ("image/webp", f"{stem}-1.webp 320w"),
    ]
    assert read["EMPTY"].image_sources == ()


@pytest.mark.usefixtures("stocked")
def test_the_cards_of_a_page_cost_one_query(django_assert_num_queries) -> None:
    ids = [str(pk) for pk in Product.objects.order_by("-sku").values_list("pk", flat=True)]
    for title in ("Chair", "Armchair"):  # The next page reads anew.
        ProductText.objects.filter(product__sku="ALL", language="en").update(title=title)
        with django_assert_num_queries(1):
            read = cards("products", ids, "en")
        assert {card.title for card in read.values()} == {title, "Krzesło", "Lamp", "NONE"}


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
    assert (card.title, card.price, card.url) == ("Stuhl", "€9.99", "/p/A/")
    assert card.image_url.endswith(".jpg")
