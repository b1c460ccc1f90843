"""The self-test of recall: it measures, widens what loses neighbours, and says so."""

from __future__ import annotations

from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from tests.core.conftest import GADGETS, picture
from visual_search import wiring
from visual_search.engines.base import SelfTesting
from visual_search.engines.recall import Check, Sample, recall_of, widen
from visual_search.errors import ConfigurationError
from visual_search.learning import recall
from visual_search.types import EngineAnswer, EngineQuery, LegAnswer, LegHit


@pytest.fixture
def filled(shop):
    gadgets = [shop.add(f"thing {n}", picture(n)) for n in range(12)]
    shop.index()
    return gadgets


def call(**options: object) -> str:
    out = StringIO()
    call_command("visual_search", "recall", stdout=out, **options)
    return out.getvalue()


def test_an_exact_index_finds_everything(filled):
    said = call(collection=GADGETS)
    assert f"{GADGETS}, image: recall@10 1.000 over 12" in said
    assert "now comparing" not in said


def test_an_empty_shop_has_nothing_to_find(shop):
    wiring.engine().ensure(GADGETS, wiring.schema(GADGETS))
    assert "no vectors yet" in call(collection=GADGETS)


def test_what_loses_neighbours_looks_wider(filled, monkeypatch):
    engine = wiring.engine()
    asked: list[int] = []
    monkeypatch.setattr(type(engine), "recall", lambda self, collection, space, queries=(): 0.5, raising=False)
    monkeypatch.setattr(
        type(engine), "tune",
        lambda self, collection, space, queries=(): asked.append(len(list(queries))) or Check(0.99, 4.0), raising=False,
    )  # fmt: skip
    assert "0.990" in call(collection=GADGETS)
    assert "4 times the usual" in call(collection=GADGETS)
    assert asked[0] == 12
    asked.clear()
    with pytest.raises(CommandError, match="visual_search rebuild"):
        call(collection=GADGETS, only_measure=True)
    assert asked == []


def test_an_engine_that_cannot_test_itself_says_so(filled, monkeypatch):
    class Plain:
        abilities = frozenset()

    assert isinstance(wiring.engine(), SelfTesting)
    monkeypatch.setattr(wiring, "engine", Plain)
    with pytest.raises(ConfigurationError, match="Plain"):
        recall.self_test(GADGETS)


def test_lost_neighbours_are_counted_by_score():
    def search(query: EngineQuery) -> EngineAnswer:
        exact = tuple(LegHit(str(n), 1 - n / 100) for n in range(10))
        # One is missing, and another of the same score stands for one of them.
        quick = (*exact[:8], LegHit("twin", 1 - 8 / 100), LegHit("far", 0.1))
        return EngineAnswer((LegAnswer("quick", quick, 10), LegAnswer("exact", exact, 10)))

    assert recall_of(search, "image", [np.ones(3)]) == 0.9
    assert recall_of(search, "image", []) == 1.0


def test_the_least_width_that_is_enough_is_taken():
    tried = []

    def recall_at(width: float) -> float:
        tried.append(width)
        return min(1.0, 0.3 * width)

    assert widen(recall_at, (1, 2, 4, 8)) == Check(1.0, 4)
    assert tried == [1, 2, 4]
    assert widen(lambda width: 0.1, (1, 2)) == Check(0.1, 2)


def test_a_sample_stays_small_and_is_drawn_from_all():
    sample = Sample(size=20)
    for n in range(1000):
        sample.add(np.array([n]))
    values = [int(vector[0]) for vector in sample.vectors]
    assert len(set(values)) == 20
    assert 300 < np.mean(values) < 700
