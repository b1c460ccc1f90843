"""Colours, prices and stock of the demo are made by a rule, and stand in its file."""

from __future__ import annotations

import csv
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from PIL import Image, ImageDraw

from catalog.management.commands.demo_columns import colour_of, price_of, stock_of

DEMO = Path(__file__).parents[2] / "catalog/demo"
ROWS = list(csv.DictReader((DEMO / "products.csv").read_text(encoding="utf-8").splitlines()))


def fill(folder: Path) -> str:
    said = StringIO()
    call_command("demo_columns", str(folder), stdout=said)
    return said.getvalue()


def test_the_demo_s_file_says_what_the_rule_makes() -> None:
    assert len(ROWS) == 756
    for row in ROWS:
        assert (row["price"], row["currency"], row["stock"]) == (price_of(row), "EUR", stock_of(row))
        assert row["price"].endswith(".90")
    for row in ROWS[::20]:
        with Image.open(DEMO / row["image"]) as picture:
            assert row["color"] == colour_of(picture), row["sku"]


def test_colours_are_those_that_people_see() -> None:
    said = {row["sku"].removeprefix("SH3-"): row["color"] for row in ROWS}
    seen = {"KAL-056": "orange", "SCO-025": "red", "BC0-031": "blue", "KAL-047": "white", "BBY-095": "black"}
    assert {sku: said[sku] for sku in seen} == seen
    # A beige sofa and a desk of light wood have no name here.
    assert [said[sku] for sku in ("BC0-132", "BBY-054")] == ["", ""]


@pytest.mark.parametrize(
    ("colour", "name"),
    [
        ("#d01818", "red"),
        ("#1838c0", "blue"),
        ("#f07000", "orange"),
        ("#d8b890", ""),
        ("#808080", "grey"),
        ("#404040", ""),
    ],
)
def test_a_colour_is_said_where_it_is_clear(colour: str, name: str) -> None:
    picture = Image.new("RGB", (200, 200), "white")
    ImageDraw.Draw(picture).rectangle((40, 40, 160, 160), colour)
    assert colour_of(picture) == name


def test_two_colours_are_none() -> None:
    picture = Image.new("RGB", (200, 200), "white")
    ImageDraw.Draw(picture).rectangle((40, 40, 100, 160), "#d01818")
    ImageDraw.Draw(picture).rectangle((100, 40, 160, 160), "#1838c0")
    assert colour_of(picture) == ""


def test_larger_things_cost_more_and_kinds_differ() -> None:
    def price(side: str, category: str = "Home > Living room") -> float:
        sides = f'{{"width": "{side}", "depth": "{side}", "height": "{side}"}}'
        return float(price_of({"sku": "A", "category": category, "attributes": sides}))

    assert price("1") < price("10") < price("100") < price("1000")
    assert price("100", "Home > Exterior") < price("100") < price("100", "Home > Vehicles")
    assert (price("1"), price("100000")) == (1.9, 9999.9)


def test_what_the_file_says_stays_and_a_second_run_changes_nothing(tmp_path: Path) -> None:
    Image.new("RGB", (64, 64), "#d01818").save(tmp_path / "a.png")
    file = tmp_path / "products.csv"
    lines = [
        "sku,title,category,image,attributes,price,currency,color",
        "A,Chair,Home,a.png,,5.00,USD,",
        "B,Chair,Home,a.png,,,,green",
    ]
    file.write_text("\n".join(lines) + "\n")
    assert fill(tmp_path) == "2 products have a price, 2 of them a colour.\n"
    first, second = csv.DictReader(file.read_text().splitlines())
    assert (first["price"], first["currency"], first["color"]) == ("5.00", "USD", "red")
    assert (second["price"], second["currency"], second["color"]) == (price_of(second), "EUR", "green")
    before = file.read_bytes()
    fill(tmp_path)
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "can't be read"),
        ("sku,title\nA,Chair\n", "no column category, image, attributes"),
        ("sku,title,category,image,attributes\nA,Chair,Home,none.png,\n", "A: "),
        ("sku,title,category,image,attributes\nA,Chair,Home,a.png,{no\n", "A: "),
        ("sku,title,category,image,attributes\nA,Chair,Home,a.png,[]\n", "A: attributes must be"),
        ("sku,title,category,image,attributes\nA,Chair,Home,a.png,,,\n", "A: the line has more fields"),
    ],
)
def test_a_file_at_fault_is_named_and_left_as_it_is(tmp_path: Path, text: str | None, message: str) -> None:
    Image.new("RGB", (64, 64), "red").save(tmp_path / "a.png")
    file = tmp_path / "products.csv"
    if text is not None:
        file.write_text(text)
    with pytest.raises(CommandError, match=message):
        fill(tmp_path)
    assert (file.read_text() if text is not None else None) == text
