"""What codes say beside the article, in the examples of GS1's General Specifications and Digital Link, and in no code at all."""

from __future__ import annotations

import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from catalog.receiving import gs1
from catalog.receiving.gs1 import FNC1, Scanned
from visual_search.imaging.documents import scanned

TODAY = datetime.date(2026, 11, 28)
GTIN = "09506000134352"
WHOLE = Scanned(GTIN, GTIN, "ABC123", datetime.date(2027, 12, 25), "S9", 24)


@pytest.mark.parametrize(
    "text",
    [
        f"01{GTIN}1727122510ABC123{FNC1}3724{FNC1}21S9",
        f"]d201{GTIN}1727122510ABC123{FNC1}3724{FNC1}21S9",
        f"]C1{FNC1}01{GTIN}10ABC123{FNC1}21S9{FNC1}3724{FNC1}17271225",
        f"(01){GTIN}(17)271225(10)ABC123(37)24(21)S9",
        f"https://id.gs1.org/01/{GTIN}/10/ABC123/21/S9?17=271225&37=24&utm=x",
        f"https://shop.example/some/path/01/{GTIN}/10/ABC%31%323/21/S9?17=271225&37=24",
    ],
)
def test_all_forms_say_the_same(text: str) -> None:
    assert gs1.read(text, today=TODAY) == WHOLE


@pytest.mark.parametrize(
    ("digits", "date"),
    [
        ("270200", datetime.date(2027, 2, 28)),
        ("280200", datetime.date(2028, 2, 29)),
        ("760101", datetime.date(2076, 1, 1)),
        ("770101", datetime.date(1977, 1, 1)),
    ],
)
def test_days_and_centuries(digits: str, date: datetime.date) -> None:
    assert gs1.read(f"(01){GTIN}(17){digits}", today=TODAY).expiry == date


def test_best_before_counts_where_no_expiry_is_given() -> None:
    assert gs1.read(f"01{GTIN}15270301", today=TODAY).expiry == datetime.date(2027, 3, 1)
    assert gs1.read(f"01{GTIN}1527030117270201", today=TODAY).expiry == datetime.date(2027, 2, 1)


def test_measures_of_fixed_length_need_no_separator() -> None:
    assert gs1.read(f"01{GTIN}310300075010L1", today=TODAY) == Scanned(GTIN, GTIN, "L1")
    assert gs1.read(f"02{GTIN}3712", today=TODAY) == Scanned(GTIN, GTIN, count=12)


@pytest.mark.parametrize(
    "text",
    [
        "OAK-1",
        "0150600013435",  # no GTIN, and no row of elements
        f"01{GTIN[:-1]}3",  # a wrong check digit
        f"01{GTIN}17271325",  # month 13
        f"01{GTIN}17270231",  # day 31 of February
        f"01{GTIN}10",  # a lot of no length
        f"01{GTIN}X",
        "https://shop.example/products/1",
        "(99999",
        "",
    ],
)
def test_anything_else_is_the_code_itself(text: str) -> None:
    assert gs1.read(text, today=TODAY) == Scanned(text)


@pytest.mark.parametrize("text", ["4006381333931", "96385074", "036000291452"])
def test_a_bare_gtin(text: str) -> None:
    assert gs1.read(text, today=TODAY) == Scanned(text, text)


@given(st.text(max_size=80) | st.text("0123456789()\x1d", max_size=60))
def test_nothing_breaks_it(text: str) -> None:
    assert isinstance(gs1.read(text, today=TODAY), Scanned)


def test_a_drawn_datamatrix_is_read_and_understood() -> None:
    zxingcpp = pytest.importorskip("zxingcpp", reason="the extra 'reading' brings ZXing")
    code = zxingcpp.create_barcode(f"(01){GTIN}(17)271225(10)ABC123", zxingcpp.BarcodeFormat.DataMatrix, gs1=True)
    drawn = Image.fromarray(np.array(zxingcpp.write_barcode_to_image(code, scale=6))).convert("RGB")
    (text,) = scanned(drawn)
    assert gs1.read(text, today=TODAY) == Scanned(GTIN, GTIN, "ABC123", datetime.date(2027, 12, 25))
