"""Packing slips, drawn and photographed: how often code and amount are right, and whether every wrong amount is marked."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from catalog.receiving.kinds import Doubt
from catalog.receiving.measuring.drawing import LANGUAGES, LAYOUTS, Printed, drawn, photographed
from catalog.receiving.slips.lines import Codes, meaning
from catalog.receiving.slips.pages import reader
from catalog.receiving.slips.tables import SlipRow, rows_of
from visual_search.errors import BadInput
from visual_search.measuring.datasets import Item, read_catalogue
from visual_search.measuring.measures import Conditions, Table

SLIPS = 60
LEAST_ROWS, MOST_ROWS = 6, 16
SHORT = 0.1  # of all rows, which deliver fewer than were ordered
LONGEST_SKU = 18  # letters; longer ones would be printed over the words
_SEED = 57


def measure(queries: Path, conditions: Conditions) -> Table:
    """Raises BadInput without a catalogue, ReaderUnavailable."""
    if conditions.catalogue is None:
        raise BadInput("slips needs --catalogue, a folder with products.csv.")
    items = read_catalogue(conditions.catalogue)
    places = {item.id: number for number, item in enumerate(items)}
    codes = _codes(items)
    by: dict[str, list[dict[str, float]]] = defaultdict(list)
    for number in range(conditions.limit or SLIPS):
        layout, language = LAYOUTS[number % len(LAYOUTS)], LANGUAGES[number // len(LAYOUTS) % len(LANGUAGES)]
        printed = _rows(items, language, number)
        photo = photographed(drawn(printed, layout, language, number), _SEED * 1000 + number)
        ordered = {places[row.sku]: row.ordered for row in printed}
        seen = _seen(rows_of(reader().read(photo), codes.knows), codes, ordered)
        for row in printed:
            told = _told(row, seen.get(places[row.sku]))
            for group in ("all", layout, language):
                by[group].append(told)
        extra = len(set(seen) - set(ordered))
        by["all"][-1]["wrong rows"] = by["all"][-1].get("wrong rows", 0) + extra
    return _table(by, conditions.limit or SLIPS)


def _rows(items: Sequence[Item], language: str, seed: int) -> list[Printed]:
    rng = random.Random(_SEED * 1000 + seed)  # noqa: S311 - the same slips each time, no secrets
    rows = []
    fitting = [item for item in items if len(item.id) <= LONGEST_SKU]
    for item in rng.sample(fitting, rng.randint(LEAST_ROWS, MOST_ROWS)):
        ordered = rng.choice(
            (rng.randint(1, 9), rng.randint(1, 60), rng.choice((6, 9, 12, 66, 86, 96, 98, 99, 100, 144)))
        )
        delivered = max(1, ordered - rng.randint(1, 3)) if rng.random() < SHORT else ordered
        title = item.texts[language].title if language in item.texts else item.title
        rows.append(Printed(item.id, title, delivered, ordered, Decimal(rng.randint(99, 49_999)) / 100))
    return rows


def _codes(items: Sequence[Item]) -> Codes:
    titles = {number: [text.title for text in item.texts.values()] for number, item in enumerate(items)}
    return Codes(
        ((number, item.id, (), None) for number, item in enumerate(items)),
        (),
        lambda products: [(product, title) for product in products for title in titles[product]],
        lambda words: [],
    )


def _seen(
    rows: Sequence[SlipRow], codes: Codes, ordered: Mapping[int, int]
) -> dict[int, tuple[int | None, set[Doubt]]]:
    """By product: amount and doubts. A row without a product is shown to the clerk, but brings nothing by itself."""
    seen = {}
    for row in rows:
        meant = meaning(row, codes, ordered)
        if meant.candidates:
            seen[meant.candidates[0].product] = (row.quantity, set(meant.doubts))
    return seen


def _told(row: Printed, seen: tuple[int | None, set[Doubt]] | None) -> dict[str, float]:
    found = seen is not None
    right = seen is not None and seen[0] == row.quantity
    told = {"product": float(found), "and amount": float(right)}
    if seen is not None:
        told["marked"] = float(bool(seen[1]))
        if not right:
            told["wrong amount"], told["unmarked"] = 1.0, float(not seen[1])
    return told


def _table(by: Mapping[str, Sequence[Mapping[str, float]]], slips: int) -> Table:
    def row(told: Sequence[Mapping[str, float]]) -> dict[str, float]:
        names = ("product", "and amount", "marked")
        shares = {name: sum(one.get(name, 0) for one in told) / max(1, len(told)) for name in names}
        sums = {name: sum(one.get(name, 0) for one in told) for name in ("wrong amount", "unmarked")}
        return {"rows": len(told), **shares, **sums}

    shares, sums = ("product", "and amount", "marked"), ("rows", "wrong amount", "unmarked")
    columns = {**dict.fromkeys(shares, "{:.3f}"), **dict.fromkeys(sums, "{:.0f}")}
    wrong = sum(one.get("wrong rows", 0) for one in by["all"])
    return Table(
        f"slips: {slips} packing slips, drawn and photographed",
        columns,
        {name: row(by[name]) for name in ("all", *LAYOUTS, *LANGUAGES) if name in by},
        (
            f"{SHORT:.0%} of the rows deliver fewer than were ordered, and are marked as they should be.",
            f"Products that no row of a slip names, but were read: {wrong:.0f}.",
        ),
    )
