"""Names of colours in questions and in the values of facets."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multilingual import colours
from multilingual.colours import coloured, of_value


@pytest.mark.parametrize(
    ("words", "language", "named", "rest"),
    [
        ("red chair", "en", {"red"}, "chair"),
        ("roter Stuhl", "de", {"red"}, "stuhl"),
        ("dunkelblaues Sofa", "de", {"blue"}, "sofa"),
        ("weisses Regal", "de", {"white"}, "regal"),
        ("chaise rouge", "fr", {"red"}, "chaise"),
        ("sillas rojas", "es", {"red"}, "sillas"),
        ("sedia rossa", "it", {"red"}, "sedia"),
        ("cadeira vermelha", "pt", {"red"}, "cadeira"),
        ("rode stoel", "nl", {"red"}, "stoel"),
        ("röda stolar", "sv", {"red"}, "stolar"),
        ("rød stol", "da", {"red"}, "stol"),
        ("красный стул", "ru", {"red"}, "стул"),
        ("красного стула", "ru", {"red"}, "стула"),
        ("czerwone krzesło", "pl", {"red"}, "krzesło"),
        ("červená židle", "cs", {"red"}, "židle"),
        ("kırmızı sandalye", "tr", {"red"}, "sandalye"),
        ("KIRMIZI sandalye", "tr", {"red"}, "sandalye"),
        ("红色的椅子", "zh", {"red"}, "椅子"),
        ("赤い椅子", "ja", {"red"}, "椅子"),
        ("赤 椅子", "ja", {"red"}, "椅子"),
        ("빨간색 의자", "ko", {"red"}, "의자"),
        ("black and white rug", "en", {"black", "white"}, "and rug"),
        ("red", "en", {"red"}, ""),
        # No colours here:
        ("carrot", "de", set(), "carrot"),
        ("credit card", "en", set(), "credit card"),
        ("rose bush", "en", set(), "rose bush"),
        ("sort chairs", "en", set(), "sort chairs"),
        ("tout vertical", "fr", set(), "tout vertical"),
        ("白菜", "zh", set(), "白菜"),
        ("Roter Stuhl", "xx", set(), "roter stuhl"),
        ("", "en", set(), ""),
    ],
)  # fmt: skip
def test_colours_of_a_question(words, language, named, rest) -> None:
    assert coloured(words, [language]) == colours.Coloured(frozenset(named), rest)


def test_the_page_and_the_words_may_have_two_languages() -> None:
    assert coloured("red Stuhl rot", ["de", None, "en"]).colours == {"red"}


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ("Matte Black", {"black"}), ("Dark Grey", {"grey"}), ("white|black", {"white", "black"}), ("Rot", {"red"}),
        ("Noir / Blanc", {"black", "white"}), ("dunkelblau", {"blue"}), ("wood", set()), ("Stainless Steel", set()),
    ],
)  # fmt: skip
def test_colours_of_a_facet_in_whatever_language(value, named) -> None:
    assert of_value(value) == named


@given(st.text(max_size=60), st.sampled_from(["en", "de", "zh", "ja", "tr", "xx"]))
def test_any_text_has_colours_or_none(text, language) -> None:
    found = coloured(text, [language])
    assert not found.colours or len(found.rest) < len(text) * 20
    assert of_value(text) >= found.colours


def test_the_examples() -> None:
    assert doctest.testmod(colours).failed == 0
