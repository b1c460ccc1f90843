"""Many vectors in one array, in the order asked for, never more than the shelf holds, and never older than the table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.core.conftest import GADGETS, picture
from visual_search import wiring
from visual_search.features.personalisation import item_cache, item_vectors
from visual_search.features.personalisation.item_cache import LOOK_SECONDS, ItemCache, dims_of
from visual_search.features.personalisation.models import ItemVector

pytestmark = pytest.mark.django_db


class Shelf:
    """Eight gadgets with vectors, and a cache whose clock the test holds."""

    def __init__(self, shop) -> None:
        self.shop, self.now = shop, 0.0
        self.gadgets = [shop.add(f"lamp {n}", picture(n), category=f"Home > {n}") for n in range(8)]
        self.ids = [str(gadget.pk) for gadget in self.gadgets]
        self.refresh()
        self.cache = ItemCache(clock=lambda: self.now)
        self.card = wiring.encoder().card

    def refresh(self) -> int:
        self.shop.index()
        return item_vectors.refresh(GADGETS)

    def ask(self, *ids: str):
        return self.cache.items(GADGETS, self.card, ids)

    def stored(self, id: str) -> np.ndarray:
        row = np.frombuffer(bytes(ItemVector.objects.get(object_id=id).vector), dtype="<f2").astype(np.float32)
        return row / np.linalg.norm(row)


@contextmanager
def statements() -> Iterator[list[str]]:
    """Each statement to the database; those that Django's own log doesn't see among them."""
    seen: list[str] = []

    def note(execute, sql, params, many, context):
        seen.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield seen


@pytest.fixture
def shelf(shop) -> Shelf:
    return Shelf(shop)


def test_rows_come_in_the_order_asked_for_each_once_and_strangers_are_zeros(shelf) -> None:
    shelf.ask(shelf.ids[5])
    items = shelf.ask(shelf.ids[3], "strange", shelf.ids[5], shelf.ids[3], shelf.ids[0])
    assert items.ids == (shelf.ids[3], "strange", shelf.ids[5], shelf.ids[0])
    assert items.categories == {shelf.ids[n]: f"Home > {n}" for n in (3, 5, 0)}
    for id, row in zip(items.ids, items.vectors, strict=True):
        expected = np.zeros(dims_of(shelf.card)) if id == "strange" else shelf.stored(id)
        assert np.allclose(row, expected, atol=1e-6)


def test_what_is_in_memory_costs_no_query_strange_ids_neither(shelf) -> None:
    for queries_wanted in (2, 0):  # the rows, and what the table says of itself
        with statements() as queries:
            shelf.ask(*shelf.ids, "strange")
        assert len(queries) == queries_wanted


def test_a_full_shelf_drops_what_was_unused_for_longest(shelf, monkeypatch) -> None:
    monkeypatch.setattr(item_cache, "SHELF_BYTES", 4 * 4 * dims_of(shelf.card))  # four vectors
    shelf.ask(*shelf.ids[:4])
    shelf.ask(*shelf.ids[1:4])
    after = shelf.ask(shelf.ids[6], shelf.ids[2])
    assert np.allclose(after.vectors, [shelf.stored(shelf.ids[6]), shelf.stored(shelf.ids[2])], atol=1e-6)
    with statements() as queries:
        shelf.ask(*shelf.ids[1:4], shelf.ids[6])
    assert len(queries) == 0
    with statements() as queries:
        shelf.ask(shelf.ids[0])
    assert len(queries) == 1


def test_more_than_the_shelf_holds_is_passed_over_and_not_mixed_up(shelf, monkeypatch) -> None:
    monkeypatch.setattr(item_cache, "SHELF_BYTES", 4 * 3 * dims_of(shelf.card))
    items = shelf.ask(*shelf.ids)
    held = [n for n, id in enumerate(items.ids) if id in items.categories]
    assert len(held) == 3
    for n, row in enumerate(items.vectors):
        assert np.allclose(row, shelf.stored(items.ids[n]) if n in held else 0.0, atol=1e-6)


def test_a_refresh_that_changed_something_is_seen_soon_and_another_is_not_read_for(shelf) -> None:
    before = shelf.ask(shelf.ids[0]).vectors[0]
    lamp = shelf.gadgets[0]
    lamp.name = "something else entirely"
    lamp.save()
    assert shelf.refresh() == 1
    assert np.array_equal(shelf.ask(shelf.ids[0]).vectors[0], before)
    shelf.now += LOOK_SECONDS + 1
    assert np.allclose(shelf.ask(shelf.ids[0]).vectors[0], shelf.stored(shelf.ids[0]), atol=1e-6)
    assert not np.allclose(shelf.stored(shelf.ids[0]), before, atol=1e-3)
    assert shelf.refresh() == 0
    shelf.now += LOOK_SECONDS + 1
    with statements() as queries:
        shelf.ask(shelf.ids[0])
    assert len(queries) == 1  # nothing but the look at the stamp


def test_what_was_deleted_is_gone_soon(shelf) -> None:
    shelf.ask(*shelf.ids)
    shelf.gadgets[2].delete()
    shelf.refresh()
    shelf.now += LOOK_SECONDS + 1
    assert shelf.ids[2] not in shelf.ask(*shelf.ids).categories


def test_vectors_of_another_encoder_are_not_handed_out(shelf) -> None:
    ItemVector.objects.update(fingerprint="another")
    items = shelf.ask(*shelf.ids)
    assert not items.categories
    assert not items.vectors.any()
    assert shelf.refresh() == 8


def test_a_row_of_another_size_is_no_vector(shelf) -> None:
    ItemVector.objects.filter(object_id=shelf.ids[0]).update(vector=b"\x00\x3c" * 5)
    items = shelf.ask(*shelf.ids[:2])
    assert not items.vectors[0].any()
    assert np.allclose(items.vectors[1], shelf.stored(shelf.ids[1]), atol=1e-6)


def test_what_a_device_remembers_stands_in_no_log_of_django(shelf) -> None:
    with CaptureQueriesContext(connection) as queries:
        shelf.ask("canary-4711", shelf.ids[0])
    assert "canary-4711" not in repr(queries.captured_queries)
    assert "itemspread" in repr(queries.captured_queries)  # the control
