"""The embedded engine says itself when a shop has outgrown it."""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts.engine import SHOP, make_document, make_schema, vector
from visual_search.engines.embedded import EmbeddedEngine, gauges, health
from visual_search.types import BrowseLeg, EngineQuery


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EmbeddedEngine]:
    engine = EmbeddedEngine(tmp_path)
    engine.ensure(SHOP, make_schema())
    yield engine
    engine.close()


def test_a_small_shop_gets_no_advice(engine: EmbeddedEngine) -> None:
    engine.upsert(SHOP, [make_document("a", images={"p": vector(1)})])
    found = engine.health()
    assert (found.ok, found.engine, found.advice) == (True, "embedded", ())
    assert sqlite3.sqlite_version in found.detail


def test_an_engine_without_a_folder_is_well_and_empty(tmp_path: Path) -> None:
    found = EmbeddedEngine(tmp_path / "nothing").health()
    assert (found.ok, found.documents) == (True, {})


def test_many_vectors_call_for_a_server_and_old_ones_do_not_count(
    engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "VECTORS_FOR_A_SERVER", 3)
    for version in range(5):
        engine.upsert(SHOP, [make_document("a", version=version + 1, images={"p": vector(version)})])
    assert engine.health().advice == ()
    engine.upsert(SHOP, [make_document("b", images={f"{n}": vector(n) for n in range(4)})])
    (advice,) = engine.health().advice
    assert "5 vectors in 'image'" in advice
    assert "Elasticsearch" in advice


def test_slow_queries_and_long_waits_call_for_a_server(engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "SLOW_SECONDS", -1.0)
    monkeypatch.setattr(health, "LONG_WAIT_SECONDS", 0.05)
    for _ in range(gauges.LEAST_FOR_P95):
        engine.search(SHOP, EngineQuery((BrowseLeg("leg", 1),)))
    blocker = sqlite3.connect(engine._opened(SHOP).store.path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    writer = threading.Thread(target=engine.upsert, args=(SHOP, [make_document("a")]))
    writer.start()
    writer.join(0.3)
    blocker.execute("COMMIT")
    blocker.close()
    writer.join()
    slow, waited = engine.health().advice
    assert slow.startswith("BrowseLeg takes")
    assert "has waited" in waited


def test_a_percentile_needs_enough_queries() -> None:
    gauge = gauges.Gauge()
    for n in range(gauges.LEAST_FOR_P95):
        assert gauge.p95 is None
        gauge.add(float(n))
    assert gauge.p95 == 47.0
