"""One question to several collections, each answered as if it were asked alone."""

from __future__ import annotations

from typing import ClassVar

import pytest

from tests.search.shop import draw, picture_query
from tests.shop import doubles
from visual_search.engines.embedded import EmbeddedEngine
from visual_search.errors import BadInput, EngineUnavailable
from visual_search.grouping import BESIDE, search_each
from visual_search.search import search
from visual_search.signals import search_served
from visual_search.types import AnyOf, Query

BOTH = ("products", "gadgets")


def titles(page) -> list[str]:
    return [hit.card.title for hit in page.hits]


def test_each_collection_answers_as_if_it_were_asked_alone(shop, gadgets) -> None:
    grouped = search_each(Query(words="red chair"), BOTH)
    assert [(group.label, group.page.collection) for group in grouped.groups] == [
        ("Products", "products"),
        ("Gadgets", "gadgets"),
    ]
    for group in grouped.groups:
        alone = search(Query(collection=group.page.collection, words="red chair"))
        assert [(hit.id, hit.score) for hit in group.page.hits] == [(hit.id, hit.score) for hit in alone.hits]
    assert [titles(group.page)[0] for group in grouped.groups] == ["Red chair", "Red chair cover"]
    assert grouped.degraded == ()
    assert [group.page.collection for group in search_each(Query(words="red chair"), BOTH[::-1]).groups] == [
        *BOTH[::-1]
    ]


def test_a_photo_is_encoded_once_and_ranks_both(shop, gadgets) -> None:
    def encoded_by(ask) -> int:
        before = doubles.ThumbnailEncoder.pictures
        ask()
        return doubles.ThumbnailEncoder.pictures - before

    query = picture_query(draw("chair", "red", shift=4))
    grouped = search_each(query, BOTH)
    assert [titles(group.page)[0] for group in grouped.groups] == ["Red chair", "Red chair cover"]
    for_one = encoded_by(lambda: search(query))
    assert for_one > 0
    assert encoded_by(lambda: search_each(query, BOTH)) == for_one
    page = search(query)
    assert encoded_by(lambda: search_each(query, ["gadgets"], page=page)) == 0


class OneSidedEngine(EmbeddedEngine):
    """The embedded engine, of which some collections are away."""

    away: ClassVar[set[str]] = set()

    def search(self, collection, query):
        if collection in self.away:
            raise EngineUnavailable(f"{collection} is away.")
        return super().search(collection, query)


def test_a_collection_that_fails_is_left_out_and_named(shop, gadgets, monkeypatch) -> None:
    shop.use(engine="tests.search.test_grouping.OneSidedEngine")
    monkeypatch.setattr(OneSidedEngine, "away", {"products"})
    grouped = search_each(Query(words="red chair"), BOTH)
    assert [titles(group.page)[0] for group in grouped.groups] == ["Red chair cover"]
    assert grouped.degraded == ("collection:products",)


def test_if_all_fail_the_caller_hears_why(shop, gadgets, monkeypatch) -> None:
    shop.use(engine="tests.search.test_grouping.OneSidedEngine")
    monkeypatch.setattr(OneSidedEngine, "away", set(BOTH))
    with pytest.raises(EngineUnavailable, match="products is away"):
        search_each(Query(words="red chair"), BOTH)


@pytest.mark.parametrize(
    "part",
    [
        {"filters": (AnyOf("category", ("Care",)),)},
        {"sort": "price"},
        {"page": 2},
        {"like": ("1",)},
        {"unlike": ("1",)},
        {"facets": ("price",)},
    ],
)
def test_what_belongs_to_one_collection_is_refused(shop, gadgets, part) -> None:
    (name,) = part
    with pytest.raises(BadInput, match=f"{name} belongs to one collection") as refusal:
        search_each(Query(words="red", **part), BOTH)
    assert refusal.value.field == name


def test_listeners_hear_which_questions_are_the_same_once_more(shop, gadgets) -> None:
    heard = []

    def listen(*, query, page, context, **kwargs) -> None:
        heard.append((query.collection, page.query_id, context))

    search_served.connect(listen)
    try:
        search_each(Query(words="red chair"), BOTH, context={"from": "a test"})
    finally:
        search_served.disconnect(listen)
    first, second = heard
    assert first[0] == "products"
    assert first[2] == {"from": "a test"}
    assert second[0] == "gadgets"
    assert second[2] == {"from": "a test", BESIDE: first[1], "log": False}
