"""Lists and pairs of products are written a line each, and nothing that JSON kept is lost by it."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from catalog.admin_fields import ListOfTexts, Pairs, kept
from catalog.models import Product, ProductText, State

FORM = {
    "sku": "A-1", "category": "Home", "brand": "", "colour": "", "price": "5", "currency": "EUR", "stock": "3", "state": State.DRAFT,
    "attributes": "width: 60\n\nmade of: oak: solid ", "codes": " 4006381333931 \n", "source": "", "licence": "", "attribution": "",
    "texts-TOTAL_FORMS": "1", "texts-INITIAL_FORMS": "0", "texts-0-language": "en", "texts-0-title": "Couch",
    "texts-0-keywords": "settee\nsofa bed", "images-TOTAL_FORMS": "0", "images-INITIAL_FORMS": "0",
}  # fmt: skip


def saved(admin_client, **more: str):
    return admin_client.post("/admin/catalog/product/add/", {**FORM, **more})


def test_lines_become_what_the_product_keeps(admin_client) -> None:
    assert saved(admin_client).status_code == 302
    product = Product.objects.get()
    assert (product.attributes, product.codes) == ({"width": "60", "made of": "oak: solid"}, ["4006381333931"])
    assert ProductText.objects.get().keywords == ["settee", "sofa bed"]
    page = admin_client.get(f"/admin/catalog/product/{product.pk}/change/").content.decode()
    assert "width: 60\nmade of: oak: solid</textarea>" in page
    assert "settee\nsofa bed</textarea>" in page
    assert ">Attributes:</label>" in page


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"attributes": "width 60"}, "“width 60” is no pair. Write it as width: 60."),
        ({"attributes": "width: 1\nwidth: 2"}, "“width” is there twice."),
        ({"codes": "4006381333932"}, "4006381333932"),
    ],
)
def test_what_is_wrong_is_said_and_stays_in_the_form(admin_client, more, said) -> None:
    response = saved(admin_client, **more)
    assert response.status_code == 200
    page = response.content.decode()
    assert said in page
    assert f"{next(iter(more.values()))}</textarea>" in page
    assert not Product.objects.exists()


def test_values_that_are_no_texts_stay_what_they_were(admin_client) -> None:
    before = {"width": 60, "sizes": [1, 2], "note": "new", "gone": None}
    product = Product.objects.create(sku="A-2", price=Decimal(1), currency="EUR", attributes=before)
    form = admin_client.get(f"/admin/catalog/product/{product.pk}/change/").context["adminform"].form
    lines = form.fields["attributes"].prepare_value(form.initial["attributes"])
    # PostgreSQL keeps the pairs of its JSON in an order of its own.
    assert sorted(lines.splitlines()) == ["gone: null", "note: new", "sizes: [1, 2]", "width: 60"]
    assert not form.fields["attributes"].has_changed(form.initial["attributes"], lines)
    assert kept(form.fields["attributes"].to_python(lines.replace("[1, 2]", "[1, 3]")), before) == {
        **before,
        "sizes": "[1, 3]",
    }


texts = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1).map(str.strip).filter(bool)
one_line = texts.filter(lambda text: len(text.splitlines()) == 1)


@given(st.lists(one_line))
def test_any_list_comes_back(values) -> None:
    field = ListOfTexts()
    shown = field.prepare_value(values)
    assert field.to_python(shown) == values
    assert not field.has_changed(values, shown)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | one_line, lambda inner: st.lists(inner, max_size=3), max_leaves=4
)


@given(st.dictionaries(one_line.filter(lambda name: ":" not in name), json_values))
def test_any_pairs_come_back(values) -> None:
    field = Pairs()
    assert kept(field.to_python(field.prepare_value(values)), values) == values


@given(st.text())
def test_wild_lines_are_pairs_or_refused(text) -> None:
    try:
        pairs = Pairs().to_python(text)
    except ValidationError:
        return
    assert json.loads(json.dumps(pairs)) == pairs
