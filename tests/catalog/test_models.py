from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import translation

from catalog.models import Product, ProductText, State

pytestmark = pytest.mark.django_db


def make(sku: str = "A-1", **more: object) -> Product:
    return Product.objects.create(sku=sku, **more)


def test_a_text_falls_back_to_english_then_to_any() -> None:
    product = make()
    assert product.title("de") == "A-1"
    ProductText.objects.create(product=product, language="fr", title="Chaise")
    assert Product.objects.get().title("de") == "Chaise"
    ProductText.objects.create(product=product, language="en", title="Chair")
    ProductText.objects.create(product=product, language="de", title="Stuhl")
    product = Product.objects.get()
    assert [product.title(language) for language in ("de", "en", "ja", None)] == ["Stuhl", "Chair", "Chair", "Chair"]


def test_a_text_in_another_form_of_the_language_comes_before_english() -> None:
    product = make()
    for language, title in (("en", "Pushchair"), ("pt-pt", "Autocarro"), ("pt-br", "Ônibus")):
        ProductText.objects.create(product=product, language=language, title=title)
    product = Product.objects.get()
    assert [product.title(language) for language in ("pt-br", "pt-BR", "pt", "pt-ao", "en-us", "de")] == [
        "Ônibus", "Ônibus", "Autocarro", "Autocarro", "Pushchair", "Pushchair",
    ]  # fmt: skip


def test_one_text_a_language() -> None:
    product = make()
    ProductText.objects.create(product=product, language="de", title="Stuhl")
    with pytest.raises(IntegrityError), transaction.atomic():
        ProductText.objects.create(product=product, language="de", title="Sessel")


def test_cleaning_names_what_is_wrong() -> None:
    for values, field in [
        ({"codes": ["4006381333932"]}, "codes"),
        ({"codes": "4006381333931"}, "codes"),
        ({"attributes": ["x"]}, "attributes"),
        ({"price": Decimal("-1")}, "price"),
        ({"currency": "euro"}, "currency"),
    ]:
        with pytest.raises(ValidationError) as caught:
            Product(**{"sku": "B-1", **values}).full_clean()
        assert field in caught.value.message_dict


@pytest.mark.parametrize("sku", ["a\u00a0b", "a  b", " a", "a\tb", "a\u200bb", "a\nb"])
def test_a_sku_whose_characters_nobody_sees_is_refused(sku: str) -> None:
    with pytest.raises(ValidationError, match="can be seen"):
        Product(sku=sku).full_clean()


@pytest.mark.parametrize("sku", ["/a", "a/", "a//b", "../a", "a/./b", ".", "..", "a/.."])
def test_a_sku_that_makes_no_address_is_refused(sku: str) -> None:
    with pytest.raises(ValidationError, match="slashes"):
        Product(sku=sku).full_clean()


def test_a_category_is_brought_into_one_form() -> None:
    product = Product(sku="B-1", category=" Home>Office  >  Desks ")
    product.full_clean()
    assert product.category == "Home > Office > Desks"


def test_variants_have_no_variants() -> None:
    head = make("H")
    child = make("C", parent=head)
    with pytest.raises(ValidationError, match="variant"):
        Product(sku="G", parent=child).full_clean()


def test_categories_hold_what_lies_below_them() -> None:
    make("a", category="Home")
    make("b", category="Home > Office", state=State.PUBLISHED)
    make("c", category="Homeware", state=State.PUBLISHED)
    assert [product.sku for product in Product.objects.in_category("Home")] == ["a", "b"]
    assert [product.sku for product in Product.objects.published().in_category("Home")] == ["b"]


def test_prices_show_two_decimals() -> None:
    assert Product(price=Decimal("12.5"), currency="EUR").price_text == "€12.50"
    assert Product().price_text == ""


def test_a_price_needs_a_currency() -> None:
    with pytest.raises(ValidationError) as caught:
        Product(sku="A", price=Decimal("1")).full_clean()
    assert "currency" in caught.value.message_dict
    free_of_it = Product(sku="A", currency="EUR")
    free_of_it.full_clean()
    assert free_of_it.currency == ""
    with pytest.raises(IntegrityError), transaction.atomic():
        make("B", price=Decimal("1"))


def test_a_product_with_variants_becomes_no_variant() -> None:
    head, other = make("H"), make("O")
    make("C", parent=head)
    head.parent = other
    with pytest.raises(ValidationError, match="has variants"):
        head.full_clean()


@pytest.mark.parametrize(
    ("language", "price", "currency", "text"),
    [
        ("en", "1250", "EUR", "€1,250.00"),
        ("de", "1250.5", "EUR", "1.250,50\xa0€"),
        ("en", "1250", "JPY", "¥1,250"),
        ("en", "1250.50", "JPY", "¥1,250.50"),
        ("fr", "1250", "XYZ", "1\u202f250,00\xa0XYZ"),
        ("ar", "12.5", "EUR", "\u200f12.50\xa0€"),
    ],
)
def test_prices_are_written_as_the_language_writes_amounts(language: str, price: str, currency: str, text: str) -> None:
    with translation.override(language):
        assert Product(price=Decimal(price), currency=currency).price_text == text
