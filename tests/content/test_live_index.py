"""An index that vanished is filled again by the first who meets it, and an answer from a half-filled one says so."""

from __future__ import annotations

import pytest

from tests.core.conftest import GADGETS, picture
from visual_search import indexing, search, wiring
from visual_search.content import live_index
from visual_search.models import IndexEntry, State
from visual_search.types import Query


@pytest.fixture
def filled(shop):
    for n in range(6):
        shop.add(f"thing {n}", picture(n))
    shop.index()
    return shop


def asked():
    return search.search(Query(collection=GADGETS, words="thing"))


def test_a_new_shop_has_nothing_to_note(shop) -> None:
    live_index.ensure(GADGETS)
    assert not IndexEntry.objects.exists()
    assert asked().degraded == ()


def test_a_lost_index_is_filled_again(filled, caplog) -> None:
    assert len(asked().hits) == 6
    wiring.engine().drop(GADGETS)
    page = asked()
    assert page.degraded == ("index",)
    assert "was gone; its 6 objects are indexed again" in caplog.text
    assert IndexEntry.objects.filter(state=State.PENDING).count() == 6
    indexing.index_pending()
    wiring.engine().refresh(GADGETS)
    assert len(asked().hits) == 6
    assert asked().degraded == ()
    assert filled.held() == filled.expected()


def test_a_worker_notices_it_too(filled) -> None:
    wiring.engine().drop(GADGETS)
    filled.add("late", picture(8))
    filled.index()
    indexing.index_pending()
    assert filled.held() == filled.expected()
    assert len(filled.held()) == 7


def test_an_import_that_is_not_indexed_yet_says_so(filled) -> None:
    filled.add("late", picture(8))
    assert asked().degraded == ("index",)
    filled.index()
    assert asked().degraded == ()
