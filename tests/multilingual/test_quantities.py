"""Quantities and sizes of texts, as terms that don't depend on how they are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multilingual.analysis import analyse, analyse_query
from multilingual.normalising import normalise
from multilingual.quantities import quantities, sizes, spelt_out


def read(text: str) -> list[tuple[str, float]]:
    return [(each.dimension, round(each.value, 6)) for each in quantities(normalise(spelt_out(text)))]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('27" monitor', [("m", 0.6858)]),
        ("27 Zoll", [("m", 0.6858)]),
        ("монитор 27 дюймов", [("m", 0.6858)]),
        ("1,5 l", [("l", 1.5)]),
        ("75 cl", [("l", 0.75)]),
        ("1.000 GB", [("b", 1e12)]),
        ("1 000 Go", [("b", 1e12)]),
        ("0.750 kg", [("g", 750.0)]),
        ("1½ inch", [("m", 0.0381)]),
        ("5公斤大米", [("g", 5000.0)]),
        ("8 fl oz", [("l", 0.236588)]),
        ("2 in stock", []),
        ("5 in 1", []),
        ("27in", [("m", 0.6858)]),
        ("pack of 6", []),
        ("0 kg", []),
        ("1/0 kg", []),
    ],
)
def test_a_number_and_its_unit(text: str, found: list[tuple[str, float]]) -> None:
    assert read(text) == found


@pytest.mark.parametrize(
    ("text", "term"),
    [("120x60 cm", "=x:60x120"), ("60 x 120", "=x:60x120"), ("1.2 m x 60 cm", "=x:1.2x60"), ("3×2×1", "=x:1x2x3")],
)
def test_sides_in_any_order(text: str, term: str) -> None:
    assert [size.term for size in sizes(normalise(text))] == [term]


@pytest.mark.parametrize(
    "text",
    [
        "9" * 400 + " kg", "0." + "0" * 320 + "1 mg", "9" * 400 + "/1 kg", "1/" + "9" * 400 + " kg",
        "9" * 400 + "/" + "9" * 400 + " kg", "9" * 400 + "x" + "9" * 400,
    ],
)  # fmt: skip
def test_a_number_of_hundreds_of_digits_is_no_quantity(text: str) -> None:
    assert read(text) == []
    assert analyse_query(text, "en")


@pytest.mark.parametrize("text", ["1 g ", "1 zz qq ", "1x", "1 x ", "1/", "1,000", "1 ", "a-"])
def test_a_long_description_of_numbers_is_read_like_another(text: str) -> None:
    """Where each number is looked for in all of the text, these take minutes."""
    assert analyse(text * (135_000 // len(text)), "en")


@given(st.text(st.sampled_from("0123456789.,'/ -xgkmlinz\"½×"), max_size=60))
def test_whatever_is_written_with_digits(text: str) -> None:
    for each in quantities(normalise(spelt_out(text))):
        assert each.value > 0
        assert each.term in each.near
    assert all(min(size.sides) > 0 for size in sizes(normalise(text)))
