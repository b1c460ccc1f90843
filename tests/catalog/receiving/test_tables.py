"""Rows of packing slips: with a heading in four languages, without one, with cells that the reader joined."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.receiving.slips.tables import SlipRow, amount, rows_of, whole_number
from visual_search.imaging.documents import PageLine

KNOWN = {"CHR-1", "LMP-22", "4006381333931"}


def knows(text: str) -> bool:
    return text in KNOWN


def page(*rows: str, confidence: float = 0.99) -> list[PageLine]:
    """A page whose rows are drawn here: cells are apart by two spaces or more, each letter is 10 px wide."""
    lines = []
    for number, row in enumerate(rows):
        start = 0
        for cell in filter(None, row.split("  ")):
            left = row.index(cell, start)
            start = left + len(cell)
            text = cell.strip()
            left += len(cell) - len(cell.lstrip())
            lines.append(PageLine(text, confidence, 10 * left, 40 * number, 10 * (left + len(text)), 40 * number + 20))
    return lines


def told(rows: list[SlipRow]) -> list[tuple[str, str, int | None]]:
    return [(row.code, row.words, row.quantity) for row in rows]


@pytest.mark.parametrize(
    "heading",
    [
        "Item no.    Description       Qty",
        "Art.-Nr.    Bezeichnung       Menge",
        "Référence   Désignation       Quantité",
        "Código      Descripción       Cantidad",
    ],
)
def test_headings_of_four_languages(heading: str) -> None:
    rows = rows_of(
        page("Slip 77", heading, "CHR-1       Red chair         12", "LMP-22      Lamp              3 pcs"), knows
    )
    assert told(rows) == [("CHR-1", "Red chair", 12), ("LMP-22", "Lamp", 3)]


def test_delivered_counts_and_ordered_is_beside_it() -> None:
    heading = "Pos   Item no.   Description    Ordered   Delivered"
    (row,) = rows_of(page(heading, "1     CHR-1      Red chair      14        12"), knows)
    assert (row.quantity, row.ordered, row.words) == (12, 14, "Red chair")


def test_prices_and_sums() -> None:
    heading = "Qty   Item no.   Description    Unit price   Total"
    (row,) = rows_of(page(heading, "12    CHR-1      Red chair      1.250,50     15.006,00"), knows)
    assert (row.quantity, row.price, row.sum) == (12, Decimal("1250.50"), Decimal("15006.00"))


def test_a_code_below_its_words() -> None:
    rows = rows_of(
        page("Description        Qty", "Red chair          12", "CHR-1", "Lamp               3", "LMP-22"), knows
    )
    assert told(rows) == [("CHR-1", "Red chair", 12), ("LMP-22", "Lamp", 3)]


def test_a_list_without_a_heading() -> None:
    rows = rows_of(page("Dear customer", "12 x Red chair        (CHR-1)", "Lamp   LMP-22   3", "Thank you"), knows)
    assert told(rows) == [("CHR-1", "Red chair", 12), ("LMP-22", "Lamp", 3)]


def test_cells_that_the_reader_joined() -> None:
    lines = page("Item no.  Description        Qty", "CHR-1 Red chair              12")
    assert told(rows_of(lines, knows)) == [("CHR-1", "Red chair", 12)]


def test_what_is_hard_to_read_says_so_and_nothing_is_no_row() -> None:
    lines = page("Item no.    Description       Qty", "CHR-1       Red chair         12", confidence=0.5)
    assert rows_of(lines, knows)[0].sure_of_quantity == 0.5
    assert rows_of([], knows) == []
    assert rows_of(page("Thank you for your order"), knows) == []


@pytest.mark.parametrize(
    ("text", "number"),
    [("12", 12), ("12 pcs", 12), ("3 Stk", 3), ("(7)", 7), ("4 x", 4), ("12,00", 12), ("1.200", 1200), ("1 200", 1200),
     ("0", 0), ("12,5", None), ("many", None), ("", None), ("1000000", None)],
)  # fmt: skip
def test_whole_numbers(text: str, number: int | None) -> None:
    assert whole_number(text) == number


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,250.50", "1250.50"),
        ("1.250,50 €", "1250.50"),
        ("1 250,50", "1250.50"),
        ("12.5", "12.5"),
        ("1'200.00", "1200.00"),
        ("9", "9"),
    ],
)
def test_amounts(text: str, value: str) -> None:
    assert amount(text) == Decimal(value)


@given(st.lists(st.tuples(st.text(max_size=12), st.floats(0, 900), st.floats(0, 900)), max_size=12))
def test_no_print_breaks_it(cells: list[tuple[str, float, float]]) -> None:
    rows_of([PageLine(text, 0.9, x, y, x + 10 * len(text), y + 20) for text, x, y in cells], knows)
