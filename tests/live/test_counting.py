"""Both engines count what a tick would show alike."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.live.moving import to_elasticsearch
from tests.search.shop import _intact, empty_shop, shop  # noqa: F401
from tests.search.test_counting import QUESTIONS
from visual_search import search
from visual_search.types import AnyOf, Between, FacetAnswer

pytestmark = pytest.mark.live

FILTERS = (
    (AnyOf("brand", ("Nordic",)),),
    (AnyOf("category", ("Home > Seating", "Kitchen")), Between("price", 20, 100)),
    (AnyOf("colour", ("red", "green")), AnyOf("in_stock", (True,))),
)


def counted() -> list[tuple[int, int, tuple[FacetAnswer, ...]]]:
    asked = [replace(question, filters=rules, disjunctive=True) for question in QUESTIONS.values() for rules in FILTERS]
    return [(page.total, page.distant, page.facets) for page in map(search.search, asked)]


def test_elasticsearch_counts_what_the_embedded_engine_counts(shop, elasticsearch_url, prefix) -> None:  # noqa: F811
    embedded = counted()
    to_elasticsearch(shop, elasticsearch_url, prefix)
    assert counted() == embedded
    brands = next(answer for answer in embedded[0][2] if answer.field == "brand")
    assert {item.value: item.count for item in brands.counts} == {"Plain": 5, "Nordic": 2}
