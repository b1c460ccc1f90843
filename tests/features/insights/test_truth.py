"""A scripted day of 10,000 searches gives exactly the figures that a plain count of the script gives."""

from __future__ import annotations

import math
from collections import Counter, defaultdict

import pytest

from tests.features.insights.scripted import ask, products, script
from visual_search.features.insights import dashboard
from visual_search.features.insights.figures import FOUND, KINDS, last_span
from visual_search.features.insights.models import DayFact, DayHit
from visual_search.features.insights.options import options
from visual_search.features.insights.sheets import Sheet
from visual_search.privacy.keys import date_of

OTHERS = str(dashboard.OTHERS)
NUMBER = 10_000


class Day:
    """The script, and what the page says of it."""

    def __init__(self, shop) -> None:
        self.script = script(NUMBER, products())
        self.noted = [one for one in self.script if one.noted]
        ask(shop, self.script)
        [self.day] = shop.finish_day()
        self.span = last_span(7)
        self.sheets = {sheet.name: sheet for sheet in dashboard.sheets(self.span)}
        self.tiles = {tile.name: tile.change.now for tile in dashboard.tiles(self.span)}

    def rows(self, name: str) -> dict[str, list]:
        """A sheet's rows by their names."""
        return {str(row[0]): list(row[1:]) for row in self.sheets[name].rows}


def twodigits(milliseconds: float) -> int:
    return int(float(f"{round(milliseconds):.1e}")) if round(milliseconds) else 0


def nearest_rank(values: list[float], percent: int) -> float:
    return sorted(values)[math.ceil(percent * len(values) / 100) - 1]


@pytest.fixture
def day(shop) -> Day:
    return Day(shop)


def test_every_figure_is_what_a_plain_count_gives(day) -> None:
    """One test, since the day takes most of the time."""
    asked, noted = day.script, day.noted
    assert day.span.last == day.day
    found = Counter(one.found for one in asked)

    by_day = day.rows("days")[date_of(day.day).isoformat()]
    assert by_day == [NUMBER, *(found[name] for name in FOUND)]
    assert sum(day.sheets["days"].column("searches")) == NUMBER
    names = {str(dashboard.FOUND_NAMES[name]): [found[name], found[name] / NUMBER] for name in FOUND}
    assert day.rows("found") == names

    kinds = Counter(one.kind for one in asked)
    assert day.rows("kinds") == {str(dashboard.KIND_NAMES[kind]): [kinds[kind], kinds[kind] / NUMBER] for kind in KINDS}
    languages = Counter(one.language for one in asked)
    assert day.rows("languages") == {name: [count, count / NUMBER] for name, count in languages.items()}

    # What was done with the answers, of those that may be counted one by one.
    for kind in ("text", "image", "hybrid", "browse"):
        of = [one for one in noted if one.kind == kind]
        clicked = [one for one in of if one.clicks]
        line = day.rows("clicks")[str(dashboard.KIND_NAMES[kind])]
        assert line[:3] == [len(of), len(clicked), len(clicked) / len(of)]
        assert line[3] == pytest.approx(sum(1 / min(one.clicks) for one in clicked) / len(clicked))
        assert line[4:] == [sum(len(one.clicks) for one in of), sum(one.basket for one in of), 0]

    # Times, to two digits.
    for step in ("encoder", "engine", "cards"):
        times = [one.steps[step] for one in noted]
        expected = [twodigits(nearest_rank(times, percent)) for percent in (50, 95, 99)]
        assert day.rows("latency")[step] == [len(noted), *expected]
    whole = [twodigits(nearest_rank([one.took for one in noted], percent)) for percent in (50, 95, 99)]
    assert day.rows("latency")["The whole search"] == [len(noted), *whole]

    # Dimensions: what too few browsers share stands in one line, and the totals add up.
    labels = [(label, close, one) for one in noted for label, close in one.things]
    for name, pairs in (
        ("category", [(one.category or "None: nothing close", one) for one in noted]),
        ("seen", [(label, one) for label, _close, one in labels]),
        ("facet", [(facet, one) for one in noted for facet in one.facets]),
    ):
        check_dimension(day, name, pairs)
    seen = day.rows("seen")
    for label in ("chair", "couch", "vase"):
        assert seen[label][3] == sum(not close for each, close, _one in labels if each == label)
    refined = day.rows("refinement")
    assert refined["Filters"][0] == sum(bool(one.facets) for one in noted)
    assert refined["Further pages"][0] == sum(one.page > 1 for one in noted)

    # Words: those that three browsers typed (the shop's K), and nobody else's.
    texts = day.rows("words")
    typed = Counter(one.words for one in noted if one.words)
    people = {text: {one.client for one in noted if one.words == text} for text in typed}
    readable = {text for text in typed if len(people[text]) >= 3}
    assert texts.keys() == readable
    assert "only mine" in typed
    for text in readable:
        of = [one for one in noted if one.words == text]
        assert texts[text] == [
            len(of),
            len(people[text]),
            sum(one.found == "nothing" for one in of),
            sum(one.found == "nothing_close" for one in of),
            sum(bool(one.clicks) for one in of) / len(of),
        ]

    hidden = day.sheets["hidden"].column("searches")
    with_words = sum(bool(one.words) for one in asked)
    shown = sum(typed[text] for text in readable)
    assert hidden == [NUMBER, len(noted), NUMBER - len(noted), with_words, shown, with_words - shown]

    assert day.tiles["searches"] == NUMBER
    assert day.tiles["missed"] == (found["nothing"] + found["nothing_close"]) / NUMBER
    assert day.tiles["click_through"] == sum(bool(one.clicks) for one in noted) / len(noted)
    assert day.tiles["baskets"] == sum(one.basket for one in noted) / len(noted)
    assert day.tiles["slow"] == sum(one.took > 1000 for one in asked) / NUMBER

    check_hits(day)


def check_dimension(day: Day, name: str, pairs: list) -> None:
    questions = Counter(value for value, _one in pairs)
    people = defaultdict(set)
    for value, one in pairs:
        people[value].add(one.client)
    rare = {value for value in questions if len(people[value]) < options().k}
    rows = day.rows(name)
    assert not rare & rows.keys()
    assert sum(row[0] for row in rows.values()) == len(pairs), "totals add up over what is hidden"
    # Not all named: with a rare value the smallest others join it, so that the remainder is of many, too.
    for value, row in rows.items():
        if value != OTHERS and not value.endswith("Rare"):
            of = [one for each, one in pairs if each == value]
            assert row[:2] == [len(of), len(people[value])]
            assert row[4] == pytest.approx(sum(bool(one.clicks) for one in of) / len(of))
            assert row[5] == sum(one.basket for one in of)
    joined = [one for value, one in pairs if value not in rows]
    if joined:
        assert rows[OTHERS][0] == len(joined)
        assert len({one.client for one in joined}) >= options().k
        assert rows[OTHERS][1] == len({one.client for one in joined})


def check_hits(day: Day) -> None:
    """Objects: how often they were seen and clicked, after any question and after a readable text."""
    rows = {(row.text, row.object_id): row for row in DayHit.objects.all()}
    for text in ("", "desk"):
        of = [one for one in day.noted if text in ("", one.words)]
        for object_id in {id for one in of for id in one.hits}:
            places = [
                (one, place) for one in of for place in one.clicks if one.hits[(place - 1) % len(one.hits)] == object_id
            ]
            people = {one.client for one in of if object_id in one.hits}
            row = rows.get((text, object_id))
            if len(people) < options().k:
                assert row is None
                continue
            assert row.seen == sum(object_id in one.hits for one in of)
            assert row.on_top == sum(object_id in one.hits[:3] and one.page == 1 for one in of)
            assert row.clicks == len(places)
            assert row.deep == sum(place > options().deep for _one, place in places)
            assert row.clients == len(people)


def test_a_file_has_the_same_figures(shop) -> None:
    ask(shop, script(300, products(), seed=4))
    shop.finish_day()
    for sheet in dashboard.sheets(last_span(7)):
        lines = sheet.as_csv().splitlines()
        assert lines[0] == ",".join(column.name for column in sheet.columns)
        assert len(lines) == 1 + len(sheet.rows)


def test_no_text_and_no_value_of_few_is_kept(shop) -> None:
    asked = script(400, products(), seed=5)
    for one in asked[:4]:
        one.words, one.category, one.language, one.found, one.kind = "canary", "", "xx", "many", "text"
        one.hits, one.seen, one.clicks, one.basket, one.client = (), (), (), False, 3
    ask(shop, asked)
    shop.finish_day()
    kept = str([list(model.objects.values()) for model in (DayFact, DayHit)])
    assert "canary" not in kept
    assert "'xx'" not in kept


def test_a_sheet_finds_its_columns() -> None:
    sheet = Sheet("x", "X", [dashboard.Column("a", "A"), dashboard.Column("b", "B")], [[1, 2], [3, 4]])
    assert sheet.column("b") == [2, 4]
