"""What a source says, cleaned, and what becomes of it in a document."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from django.utils.translation import gettext_lazy

from tests.shop.doubles import ThumbnailEncoder
from tests.shop.models import Gadget
from visual_search.content import documents
from visual_search.content.documents import SourceFailed
from visual_search.content.vectors import PictureVectors, Title
from visual_search.registry import Source
from visual_search.types import FacetField, FacetKind, NamedVector, Picture, Text

CARD = ThumbnailEncoder().card


class Things(Source):
    model = Gadget
    schema = (
        FacetField("brand", FacetKind.KEYWORD),
        FacetField("category", FacetKind.PATH),
        FacetField("price", FacetKind.NUMBER),
        FacetField("in_stock", FacetKind.BOOLEAN),
    )

    def __init__(self, **answers) -> None:
        self.answers = answers

    def texts(self, obj):
        return self.answers.get("texts", {})

    def facets(self, obj):
        return self.answers.get("facets", {})

    def codes(self, obj):
        return self.answers.get("codes", ())

    def pictures(self, obj):
        return self.answers.get("pictures", ())


def read(**answers) -> documents.Content:
    return documents.read(Things(**answers), Gadget(pk=7))


def picture(id: str, position: int = 0) -> Picture:
    return Picture(id, load=bytes, position=position)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"brand": "Acme"}, {"brand": "Acme"}),
        ({"brand": gettext_lazy("Acme")}, {"brand": "Acme"}),
        ({"brand": ["a", " b ", "", None, "a"]}, {"brand": ("a", "b")}),
        ({"brand": []}, {}),
        ({"brand": ""}, {}),
        ({"brand": None}, {}),
        ({"category": "Home > Desk"}, {"category": "Home > Desk"}),
        ({"price": Decimal("9.90")}, {"price": 9.9}),
        ({"price": 3}, {"price": 3.0}),
        ({"in_stock": False}, {"in_stock": False}),
    ],
)
def test_facets_come_in_the_types_that_engines_take(given, expected):
    facets = read(facets=given).facets
    assert facets == expected
    assert [type(value) for value in facets.values()] == [type(value) for value in expected.values()]


@pytest.mark.parametrize(
    ("facets", "message"),
    [
        ({"colour": "red"}, "colour isn't in the source's schema"),
        ({"price": "cheap"}, "price is 'cheap', but the schema says that it is a number"),
        ({"price": True}, "price is True"),
        ({"in_stock": 1}, "in_stock is 1"),
        ({"brand": 5}, "brand is 5"),
    ],
)
def test_a_wrong_facet_is_named_with_its_object(facets, message):
    with pytest.raises(SourceFailed, match=message) as problem:
        read(facets=facets)
    assert "Things.facets() failed for Gadget 7" in str(problem.value)


def test_texts_go_by_language_code_and_empty_ones_are_left_out():
    texts = read(texts={"en-GB": Text(" lamp "), "de": Text("", "", ("", " hell "))}).texts
    assert texts == {"en": Text("lamp"), "de": Text("", keywords=("hell",))}
    assert read(texts={"fr": Text(" ", "")}).texts == {}
    assert list(read(texts={"": Text("x")}).texts) == ["und"]


def test_a_second_variant_of_a_language_is_still_found():
    texts = read(texts={"zh-CN": Text("椅子", "d", ("a",)), "zh-TW": Text("凳子", "e", ("b",))}).texts
    assert texts == {"zh": Text("椅子", "d\ne", ("a", "凳子", "b"))}
    # What both say is said once, and a title is taken where it is.
    texts = read(texts={"pt": Text("", "d"), "pt-BR": Text("Ônibus", "d", ("b",))}).texts
    assert texts == {"pt": Text("Ônibus", "d", ("Ônibus", "b"))}


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        ("<p>Soft &amp; warm</p><ul><li>cotton&nbsp;terry</li></ul>", "Soft & warm cotton terry"),
        ("<script>if (a<b) alert(1)</script>lamp<style>p{color:red}</style>", "lamp"),
        ("brass<br/>lamp<!-- old -->", "brass lamp"),
        ("&lt;b&gt; is a tag", "<b> is a tag"),
        ("a < b & c", "a < b & c"),
        ("I <3 lamps, AT&T", "I <3 lamps, AT&T"),
        ('5" x 3"\nsecond line', '5" x 3"\nsecond line'),
        ("<b>never closed", "never closed"),
    ],
)
def test_html_never_becomes_words(given, plain):
    assert read(texts={"en": Text(given, given, (given,))}).texts == {"en": Text(plain, plain, (plain,))}


@pytest.mark.parametrize("wild", ["<script" * 20_000, "<" * 140_000, "&" * 140_000, "<a " * 45_000, "<!--" * 35_000])
def test_a_description_of_brackets_is_read_like_another(wild):
    """A parser that looks for each bracket's end anew takes minutes for these."""
    assert list(read(texts={"en": Text("lamp", wild)}).texts) == ["en"]


def test_codes_are_plain_strings_once():
    assert read(codes=[" A-1 ", 4006381333931, "", None, "A-1"]).codes == ("A-1", "4006381333931")


def test_pictures_come_in_their_order_once():
    reading = read(pictures=[picture("b", 2), picture("a", 1), picture("b", 2)])
    assert [item.id for item in reading.pictures] == ["a", "b"]


def test_a_source_that_raises_is_named_with_its_method():
    with pytest.raises(SourceFailed, match=r"Things.texts\(\) failed for Gadget 7: AttributeError"):
        read(texts={"en": "a bare string"})


def test_titles_are_what_is_embedded():
    reading = read(texts={"en": Text("lamp", "very long"), "de": Text("", "nur Text")})
    assert reading.titles == (Title("lamp", "en"),)


def test_a_document_has_all_vectors_that_there_are():
    reading = read(texts={"en": Text("lamp"), "de": Text("Lampe")}, pictures=[picture("1"), picture("2")])
    one, two = np.ones(108, np.float32), np.ones(16, np.float32)
    document = documents.build(
        reading, 5, CARD, PictureVectors(vectors={"1 of 7": {"image": one}}), {Title("Lampe", "de"): two}
    )
    assert (document.id, document.version) == ("7", 5)
    assert document.vectors == {"image": (NamedVector("1", one),), "text": (NamedVector("de", two),)}


def test_an_encoder_without_words_gives_documents_without_them():
    reading = read(texts={"en": Text("lamp")})
    card = ThumbnailEncoder(with_text=False).card
    assert documents.build(reading, 1, card, PictureVectors(), {}).vectors == {}


class TestContentHash:
    SAID = {
        "texts": {"en": Text("lamp", "bright", ("light", "desk")), "de": Text("Lampe")},
        "facets": {"brand": ["Acme", "Zenith"], "price": 7, "in_stock": True},
        "codes": ["X-1", "X-2"],
        "pictures": [picture("1"), picture("2")],
    }

    @pytest.mark.parametrize(
        "change",
        [
            {"texts": {"en": Text("lamp", "bright", ("light", "desk"))}},
            {"texts": {"en": Text("lamp", "dark", ("light", "desk")), "de": Text("Lampe")}},
            {"texts": {"en": Text("lamp", "bright", ("light",)), "de": Text("Lampe")}},
            {"texts": {"en": Text("lamp", "bright", ("light", "desk")), "fr": Text("Lampe")}},
            {"facets": {"brand": ["Acme"], "price": 7, "in_stock": True}},
            {"facets": {"brand": ["Acme", "Zenith"], "price": 8, "in_stock": True}},
            {"facets": {"brand": ["Acme", "Zenith"], "price": 7, "in_stock": False}},
            {"codes": ["X-1"]},
            {"pictures": [picture("1"), picture("3")]},
            {"pictures": [picture("1"), Picture("2", load=bytes, url="/media/new.jpg")]},
        ],
    )
    def test_it_differs_with_what_is_said(self, change):
        assert documents.content_hash(read(**self.SAID | change)) != documents.content_hash(read(**self.SAID))

    def test_it_is_the_same_in_another_order(self):
        turned = {
            "texts": {"de": Text("Lampe"), "en": Text("lamp", "bright", ("desk", "light"))},
            "facets": {"in_stock": True, "price": Decimal(7), "brand": ["Zenith", "Acme"]},
            "codes": ["X-2", "X-1"],
            "pictures": [picture("2"), picture("1", 5)],
        }
        assert documents.content_hash(read(**turned)) == documents.content_hash(read(**self.SAID))

    def test_a_new_signature_of_an_address_is_no_change(self):
        urls = ["https://cdn.example/a.jpg?sig=1", "https://cdn.example/a.jpg?sig=2", "https://cdn.example/b.jpg?sig=2"]
        first, second, third = (
            documents.content_hash(read(pictures=[Picture("1", load=bytes, url=url)])) for url in urls
        )
        assert first == second != third
