"""A shop has a web process and a worker, both writing: nothing that was acknowledged is lost, whoever dies."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts.engine import SHOP, hits, make_document, make_schema, vector
from visual_search.engines.embedded import EmbeddedEngine
from visual_search.types import BrowseLeg, EngineQuery, VectorLeg, WordsLeg

ROOT = Path(__file__).resolve().parents[2]


def child(*arguments: str, **options: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.engines.embedded_child", *arguments]
    return subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, **options)  # type: ignore[call-overload]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EmbeddedEngine]:
    engine = EmbeddedEngine(tmp_path)
    engine.ensure(SHOP, make_schema())
    yield engine
    engine.close()


def test_several_processes_write_at_once(engine: EmbeddedEngine, tmp_path: Path) -> None:
    children = [child("write_some", str(tmp_path), mark, "30") for mark in "ab"]
    for n in range(30):
        engine.upsert(SHOP, [make_document(f"c{n:03}")])
    assert [process.wait(60) for process in children] == [0, 0]
    for process in children:
        process.stdout.close()
    held = {item.id: item.version for item in engine.versions(SHOP)}
    assert sorted(held) == sorted([f"{mark}{n:03}" for mark in "abc" for n in range(30)] + ["shared"])
    assert held["shared"] == 29


def test_another_process_sees_what_is_committed(engine: EmbeddedEngine, tmp_path: Path) -> None:
    with child("read_on_command", str(tmp_path), stdin=subprocess.PIPE) as process:

        def seen() -> list[str]:
            process.stdin.write("\n")
            process.stdin.flush()
            return process.stdout.readline().split()

        assert seen() == []
        engine.upsert(SHOP, [make_document("a")])
        assert seen() == ["a"]
        engine.rebuild(SHOP, make_schema(), [make_document("b")])
        assert seen() == ["b"]
        engine.rollback(SHOP)
        assert seen() == ["a"]
        process.stdin.close()
        assert process.wait(30) == 0


def test_a_killed_writer_loses_nothing_that_it_acknowledged(engine: EmbeddedEngine, tmp_path: Path) -> None:
    acknowledged: list[str] = []
    for mark in "abc":
        with child("write_for_ever", str(tmp_path), mark) as process:
            acknowledged += [process.stdout.readline().strip() for _ in range(40)]
            process.send_signal(signal.SIGKILL)
            acknowledged += process.stdout.read().split()
    for id in acknowledged:
        number = int(id[1:])
        answer = engine.search(
            SHOP, EngineQuery((WordsLeg("words", id, ("en",), 1), VectorLeg("photo", "image", vector(number), 3)))
        )
        assert hits(answer, "words") == [id]
        assert id in hits(answer, "photo")


def test_a_child_forked_from_an_open_index_loses_nothing(tmp_path: Path) -> None:
    with child("fork", str(tmp_path)) as process:
        assert process.stdout.read().split() == ["after", "before", "parent"]


def test_a_fork_leaves_the_parent_working(engine: EmbeddedEngine) -> None:
    engine.upsert(SHOP, [make_document("a")])
    # `preexec_fn` makes subprocess run the hooks of a fork, and the child is replaced at once.
    subprocess.run([sys.executable, "-c", ""], preexec_fn=int, check=True)
    engine.upsert(SHOP, [make_document("b")])
    assert hits(engine.search(SHOP, EngineQuery((BrowseLeg("leg", 9),)))) == ["a", "b"]
