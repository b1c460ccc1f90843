"""What a second process does in the tests of the embedded engine: `python -m tests.engines.embedded_child VERB FOLDER ...`."""

import os
import sys
from itertools import count
from pathlib import Path

from tests.contracts.engine import SHOP, hits, make_document, make_schema, vector
from visual_search.engines.embedded import EmbeddedEngine
from visual_search.types import BrowseLeg, EngineQuery


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def write_for_ever(engine: EmbeddedEngine, mark: str) -> None:
    """Name each document once its upsert has returned."""
    for n in count():
        id = f"{mark}{n:06}"
        engine.upsert(SHOP, [make_document(id, title=f"sofa {id}", images={"p": vector(n)})])
        say(id)


def write_some(engine: EmbeddedEngine, mark: str, number: str) -> None:
    for n in range(int(number)):
        engine.upsert(SHOP, [make_document(f"{mark}{n:03}"), make_document("shared", version=n)])


def read_on_command(engine: EmbeddedEngine) -> None:
    """For each line on stdin, the ids that this process sees now."""
    for _ in sys.stdin:
        say(" ".join(hits(engine.search(SHOP, EngineQuery((BrowseLeg("leg", 100),))))))


def fork(engine: EmbeddedEngine) -> None:
    """A server that opens the index before it forks its workers, and then closes it."""
    engine.ensure(SHOP, make_schema())
    engine.upsert(SHOP, [make_document("parent")])
    to_child, from_parent = os.pipe()
    to_parent, from_child = os.pipe()
    if os.fork() == 0:
        engine.upsert(SHOP, [make_document("before")])
        os.write(from_child, b"x")
        os.read(to_child, 1)
        engine.upsert(SHOP, [make_document("after")])
        os._exit(0)
    os.read(to_parent, 1)
    engine.close()
    os.write(from_parent, b"x")
    os.wait()
    say(" ".join(item.id for item in EmbeddedEngine(engine.generations.folder).versions(SHOP)))


if __name__ == "__main__":
    verb, folder, *rest = sys.argv[1:]
    globals()[verb](EmbeddedEngine(Path(folder)), *rest)
