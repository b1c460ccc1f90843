"""Files of the embedded engine: swaps, leftovers, damage, and how many are open."""

import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts.engine import SHOP, hits, make_document, make_schema
from visual_search.engines.embedded import EmbeddedEngine
from visual_search.engines.embedded.connections import IDLE_CONNECTIONS, Connections
from visual_search.errors import ConfigurationError, EngineUnavailable, IndexMissing
from visual_search.types import AnyOf, BrowseLeg, Document, EngineQuery

ALL = EngineQuery((BrowseLeg("leg", 1000),))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EmbeddedEngine]:
    engine = EmbeddedEngine(tmp_path)
    engine.ensure(SHOP, make_schema())
    yield engine
    engine.close()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.suffix == ".sqlite3")


def test_the_new_file_has_the_next_number_and_one_before_it_is_kept(engine: EmbeddedEngine, tmp_path: Path) -> None:
    for n in range(3):
        report = engine.rebuild(SHOP, make_schema(), [make_document(f"d{n}")])
    assert (report.index, report.previous) == ("things-0004", "things-0003")
    assert names(tmp_path) == ["things-0003.sqlite3", "things-0004.sqlite3"]


def test_a_failed_rebuild_leaves_no_file(engine: EmbeddedEngine, tmp_path: Path) -> None:
    def broken() -> Iterator[Document]:
        yield from (make_document(f"d{n}") for n in range(300))
        raise OSError("a picture's disk is full")

    with pytest.raises(OSError, match="a picture's disk is full"):
        engine.rebuild(SHOP, make_schema(), broken())
    assert names(tmp_path) == ["things-0001.sqlite3"]


def test_what_a_crashed_rebuild_left_is_removed_by_the_next(engine: EmbeddedEngine, tmp_path: Path) -> None:
    for name in ("things-0007.sqlite3", "things-0007.sqlite3-wal", "things-more-0001.sqlite3"):
        (tmp_path / name).touch()
    engine.rebuild(SHOP, make_schema(), [])
    assert names(tmp_path) == ["things-0001.sqlite3", "things-0008.sqlite3", "things-more-0001.sqlite3"]
    assert not (tmp_path / "things-0007.sqlite3-wal").exists()


def test_a_second_rebuild_at_the_same_time_is_refused(engine: EmbeddedEngine) -> None:
    def documents() -> Iterator[Document]:
        with pytest.raises(EngineUnavailable, match="rebuilding 'things'"):
            EmbeddedEngine(engine.generations.folder).rebuild(SHOP, make_schema(), [])
        yield make_document("a")

    assert engine.rebuild(SHOP, make_schema(), documents()).documents == 1
    assert engine.rebuild(SHOP, make_schema(), []).documents == 0  # The lock is free again.


def test_what_is_written_during_a_rebuild_goes_to_the_old_index_and_after_it_to_the_new(engine: EmbeddedEngine) -> None:
    other = EmbeddedEngine(engine.generations.folder)

    def changes() -> Iterator[Document]:
        yield from (make_document(f"old{n:03}") for n in range(200))  # one whole batch
        engine.rebuild(SHOP, make_schema(fingerprint="new"), [make_document("base")])
        yield make_document("late")

    assert len(other.upsert(SHOP, changes()).stored) == 201
    assert [item.id for item in engine.versions(SHOP)] == ["base", "late"]
    other.close()


def test_a_writer_that_waits_for_the_swap_writes_to_the_new_index(engine: EmbeddedEngine) -> None:
    """It has opened the old file and stands in its queue when the pointer moves."""
    other = EmbeddedEngine(engine.generations.folder)
    other.upsert(SHOP, [make_document("first")])
    engine.rebuild(SHOP, make_schema(), [])
    engine.rollback(SHOP)
    new = engine.generations.read(SHOP)
    assert new is not None
    assert new.previous is not None
    blocker = sqlite3.connect(new.current, isolation_level=None, check_same_thread=False)
    blocker.execute("BEGIN IMMEDIATE")
    writer = threading.Thread(target=other.upsert, args=(SHOP, [make_document("waiting")]))
    writer.start()
    writer.join(0.3)
    assert writer.is_alive()
    engine.generations.publish(SHOP, new.previous, new.current)
    blocker.execute("COMMIT")
    blocker.close()
    writer.join()
    assert [item.id for item in engine.versions(SHOP)] == ["waiting"]
    other.close()


@pytest.mark.parametrize("damage", [b"", b"no database at all" * 100], ids=["empty", "garbage"])
def test_a_spoilt_file_says_so_and_a_rebuild_mends_it(tmp_path: Path, damage: bytes) -> None:
    first = EmbeddedEngine(tmp_path)
    first.ensure(SHOP, make_schema())
    first.close()
    (tmp_path / "things-0001.sqlite3").write_bytes(damage)
    engine = EmbeddedEngine(tmp_path)
    with pytest.raises(EngineUnavailable, match="visual_search rebuild"):
        engine.search(SHOP, ALL)
    health = engine.health()
    assert not health.ok
    assert "visual_search rebuild" in health.detail
    engine.rebuild(SHOP, make_schema(), [make_document("a")])
    assert hits(engine.search(SHOP, ALL)) == ["a"]
    assert engine.health().ok
    engine.close()


def test_a_file_of_another_format_is_refused(engine: EmbeddedEngine, tmp_path: Path) -> None:
    engine.close()
    with sqlite3.connect(tmp_path / "things-0001.sqlite3") as connection:
        connection.execute("UPDATE meta SET value = 0 WHERE key = 'format'")
    connection.close()
    with pytest.raises(EngineUnavailable, match="another format"):
        engine.search(SHOP, ALL)


@pytest.mark.parametrize("text", ["", "\n", "things-0099.sqlite3\n"])
def test_a_pointer_to_nothing_is_a_missing_index(engine: EmbeddedEngine, tmp_path: Path, text: str) -> None:
    (tmp_path / "things.current").write_text(text)
    with pytest.raises(IndexMissing):
        engine.search(SHOP, ALL)


@pytest.mark.parametrize("name", ["", "../things", "a/b", ".hidden", "a*", "x" * 101])
def test_a_name_that_names_no_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match="can't name a file"):
        EmbeddedEngine(tmp_path).ensure(name, make_schema())


def test_a_folder_that_is_none_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    engine = EmbeddedEngine(tmp_path / "file" / "search")
    with pytest.raises(EngineUnavailable, match="folder"):
        engine.ensure(SHOP, make_schema())
    with pytest.raises(EngineUnavailable, match="folder"):
        engine.rebuild(SHOP, make_schema(), [])


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts open files as Linux shows them")
def test_threads_that_come_and_go_leave_no_files_open(engine: EmbeddedEngine) -> None:
    engine.search(SHOP, ALL)
    before = len(os.listdir("/proc/self/fd"))
    for n in range(40):
        thread = threading.Thread(target=lambda n=n: engine.upsert(SHOP, [make_document(f"d{n}")]))
        thread.start()
        thread.join()
    assert len(os.listdir("/proc/self/fd")) <= before


def test_no_more_connections_are_kept_than_a_server_has_threads(engine: EmbeddedEngine, tmp_path: Path) -> None:
    pool = Connections(tmp_path / "things-0001.sqlite3")
    barrier = threading.Barrier(IDLE_CONNECTIONS + 5)

    def use() -> None:
        with pool.lent() as connection:
            barrier.wait()
            connection.execute("SELECT 1")

    threads = [threading.Thread(target=use) for _ in range(IDLE_CONNECTIONS + 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(pool._idle) == IDLE_CONNECTIONS
    pool.close()
    assert pool._idle == []


def test_a_failed_write_leaves_nothing_and_the_connection_works_on(engine: EmbeddedEngine) -> None:
    class Broken(dict[str, str]):
        def items(self):  # type: ignore[no-untyped-def]
            raise RuntimeError("while it is made ready")

    with pytest.raises(RuntimeError):
        engine.upsert(SHOP, [make_document("a"), Document("b", 1, facets=Broken())])
    assert hits(engine.search(SHOP, ALL)) == []
    engine.upsert(SHOP, [make_document("c")])
    assert hits(engine.search(SHOP, ALL)) == ["c"]


def test_a_filter_sees_whole_columns_while_another_thread_appends(engine: EmbeddedEngine) -> None:
    stop, errors = threading.Event(), []
    query = EngineQuery((BrowseLeg("leg", 1000),), filters=(AnyOf("tags", ("even",)),))

    def read() -> None:
        while not stop.is_set():
            try:
                ids = hits(engine.search(SHOP, query))
                assert ids == [f"d{n:03}" for n in range(0, 2 * len(ids), 2)]
                (answer,) = engine.facets(SHOP, ids, ["tags"])
                assert [item.count for item in answer.counts if item.value == "even"] == ([len(ids)] if ids else [])
            except BaseException as error:
                errors.append(error)
                return

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for n in range(150):
        engine.upsert(SHOP, [make_document(f"d{n:03}", facets={"tags": ("even" if n % 2 == 0 else "odd", f"t{n}")})])
    stop.set()
    for thread in threads:
        thread.join()
    assert errors == []
