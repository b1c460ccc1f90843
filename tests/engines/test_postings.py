"""What a process keeps of postings shows the state of the file, whatever was written meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.contracts.engine import SHOP, make_document, make_schema
from visual_search.engines.embedded import EmbeddedEngine, postings
from visual_search.engines.embedded.postings import Postings
from visual_search.engines.embedded.store import meta
from visual_search.types import VersionedId

WORDS = ("red", "oak", "chair", "lamp", "sofa")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EmbeddedEngine]:
    engine = EmbeddedEngine(tmp_path)
    engine.ensure(SHOP, make_schema())
    yield engine
    engine.close()


def title(random: np.random.Generator) -> str:
    return " ".join(random.choice(WORDS, int(random.integers(1, 4))))


def read(engine: EmbeddedEngine, kept: Postings, word: str) -> dict[int, float]:
    with engine._opened(SHOP).store.reading() as connection:
        posting = kept.read(connection, int(meta(connection, "seq")), "en", word)
        assert kept.count(connection, posting.seq, "en", word) == len(posting.rids)
    assert np.all(np.diff(posting.rids) > 0), "ascending, each once"
    return dict(zip(posting.rids.tolist(), posting.saturated.tolist(), strict=True))


@pytest.mark.parametrize("most_changed", [0, 5, 2000])
def test_kept_ones_are_as_read_anew_after_any_changes(engine, monkeypatch, most_changed) -> None:
    monkeypatch.setattr(postings, "MOST_CHANGED", most_changed)
    random, kept = np.random.default_rng(1), Postings()
    for version in range(1, 25):
        ids = [f"d{n}" for n in random.integers(0, 30, size=int(random.integers(1, 12)))]
        if version % 3:
            engine.upsert(SHOP, [make_document(id, version=version, title=title(random)) for id in dict.fromkeys(ids)])
        else:
            engine.delete(SHOP, [VersionedId(id, version) for id in dict.fromkeys(ids)])
        for word in ("red", "oak", "chair", "nothing"):
            assert read(engine, kept, word) == read(engine, Postings(), word)


def test_a_question_that_began_earlier_sees_its_own_state(engine) -> None:
    kept = Postings()
    engine.upsert(SHOP, [make_document("a", title="red lamp")])
    with engine._opened(SHOP).store.reading() as connection:
        seq = int(meta(connection, "seq"))
        engine.upsert(SHOP, [make_document("b", title="red sofa")])
        assert len(read(engine, kept, "red")) == 2
        assert len(kept.read(connection, seq, "en", "red").rids) == 1
        assert kept.count(connection, seq, "en", "red") == 1
    assert len(read(engine, kept, "red")) == 2, "The later state stays."


def test_the_least_used_go(engine) -> None:
    engine.upsert(SHOP, [make_document(f"d{n}", title="red oak chair") for n in range(50)])
    kept = Postings(most_bytes=2 * 50 * 16)
    for word in ("red", "oak", "red", "chair"):
        read(engine, kept, word)
    assert [term for _, term in kept._kept] == ["red", "chair"]
    assert kept._bytes == sum(posting.bytes for posting in kept._kept.values()) <= 2 * 50 * 16


def test_what_is_unchanged_is_not_read_again(engine) -> None:
    engine.upsert(SHOP, [make_document(f"d{n}", title="red oak chair") for n in range(50)])
    kept = Postings()
    read(engine, kept, "red")
    with engine._opened(SHOP).store.reading() as connection:
        statements: list[str] = []
        connection.set_trace_callback(statements.append)
        kept.read(connection, int(meta(connection, "seq")), "en", "red")
        connection.set_trace_callback(None)
    assert [statement for statement in statements if "FROM word" in statement] == []
