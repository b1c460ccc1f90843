"""Counts beside checkboxes: what a tick would show, and what it shows once it is ticked."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PIL import Image

from tests.search.shop import draw, picture_query
from visual_search import search, wiring
from visual_search.types import AnyOf, Between, FacetAnswer, Not, Page, Query


def facet(page: Page, name: str) -> FacetAnswer:
    return next(answer for answer in page.facets if answer.field == name)


def counts(page: Page, name: str) -> dict[str | bool, int]:
    return {item.value: item.count for item in facet(page, name).counts}


def close(page: Page) -> int:
    return page.total - page.distant


def ask(**more) -> Page:
    return search.search(Query(**{"disjunctive": True, "page_size": 100, **more}))


NORDIC, PLAIN = AnyOf("brand", ("Nordic",)), AnyOf("brand", ("Plain",))


def test_a_facet_is_counted_without_its_own_filter_alone(shop) -> None:
    page = ask(filters=(NORDIC,))
    assert page.total == 2
    assert counts(page, "brand") == {"Plain": 5, "Nordic": 2}
    assert counts(page, "colour") == {"blue": 1, "red": 1}
    assert (facet(page, "brand").objects, facet(page, "colour").objects) == (7, 2)


def test_otherwise_all_facets_are_counted_over_the_result_set(shop) -> None:
    page = ask(filters=(NORDIC,), disjunctive=False)
    assert counts(page, "brand") == {"Nordic": 2}


def test_each_of_two_filtered_facets_holds_for_the_other(shop) -> None:
    page = ask(filters=(PLAIN, AnyOf("colour", ("red", "green"))))
    assert counts(page, "brand") == {"Nordic": 1, "Plain": 1}
    assert counts(page, "colour") == {"black": 1, "brass": 1, "brown": 1, "green": 1}


def test_a_number_keeps_the_ends_that_it_could_have(shop) -> None:
    page = ask(filters=(Between("price", 40, 60),))
    assert page.total == 2
    assert (facet(page, "price").minimum, facet(page, "price").maximum) == (9, 499)
    assert counts(page, "brand") == {"Nordic": 2}


def test_what_is_excluded_stays_excluded(shop) -> None:
    page = ask(filters=(Not(AnyOf("brand", ("Plain",))), AnyOf("colour", ("red",))))
    assert counts(page, "brand") == {"Nordic": 1}
    assert counts(page, "colour") == {"blue": 1, "red": 1}


def test_a_boolean_and_a_path_count_so_too(shop) -> None:
    page = ask(filters=(AnyOf("in_stock", (True,)), AnyOf("category", ("Home > Seating",))))
    assert counts(page, "in_stock") == {True: 3}
    assert counts(page, "category") == {
        "Home": 4, "Home > Seating": 3, "Home > Seating > Chairs": 2, "Gifts": 1, "Home > Seating > Sofas": 1,
        "Home > Tables": 1, "Kitchen": 1,
    }  # fmt: skip


QUESTIONS = {
    "browse": Query(),
    "words": Query(words="chair"),
    "two kinds": Query(words="red chair"),
    "photo": picture_query(draw("chair", "red", shift=2)),
    "both": picture_query(draw("sofa", "green"), words="chair"),
}


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
@pytest.mark.parametrize("name", ["category", "brand", "colour", "in_stock"])
def test_a_count_is_true_before_the_tick_and_after_it(shop, question, name) -> None:
    """What fills a page with few close hits counts neither time: "Lights 1" never becomes 24."""
    question = replace(question, disjunctive=True, page_size=100)
    before = search.search(question)
    assert counts(before, name)
    for value, count in counts(before, name).items():
        after = search.search(replace(question, filters=(AnyOf(name, (value,)),)))
        assert (close(after), counts(after, name)[value]) == (count, count), value
        assert list(counts(after, name)) == list(counts(before, name)), "values keep their place"


def test_two_ticks_show_what_both_counted(shop) -> None:
    before = ask()
    after = ask(filters=(AnyOf("colour", ("red", "blue")),))
    assert after.total == counts(before, "colour")["red"] + counts(before, "colour")["blue"] == 2
    assert counts(after, "colour") == counts(before, "colour")


def test_what_is_ticked_and_has_nothing_close_counts_nothing(shop) -> None:
    page = ask(words="chair", filters=(AnyOf("category", ("Kitchen",)),))
    assert page.distant == page.total == 1
    assert counts(page, "category")["Home > Seating > Chairs"] == 2
    assert "Kitchen" not in counts(page, "category")


def test_where_nothing_is_close_the_answer_says_so(shop) -> None:
    page = search.search(replace(picture_query(Image.new("RGB", (64, 64), (5, 5, 12))), disjunctive=True))
    assert page.distant == page.total > 0
    assert not any(answer.close for answer in page.facets)
    assert all(answer.close for answer in ask(words="chair").facets)


def test_only_facets_that_are_asked_cost_another_search(shop, monkeypatch) -> None:
    searched = []
    engine = wiring.engine()
    plain = type(engine).search
    monkeypatch.setattr(type(engine), "search", lambda self, *a: searched.append(a) or plain(self, *a))
    ask(filters=(NORDIC,), facets=("colour",))
    once = len(searched)
    ask(filters=(NORDIC,), facets=("colour", "brand"))
    assert len(searched) - once == once + 1
