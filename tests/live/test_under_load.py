"""Saves and questions go on while things are killed and indexes are swapped: nothing is lost, nothing goes back.

CHAOS_SAVES says how many saves (2000 for the figure in docs/reference/quality-and-speed.md, with a node of its own that is
killed; by default fewer, and the way to the shared node is cut instead).
"""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from tests.contracts.engine import SHOP, make_document, make_schema, vector
from tests.live.conftest import absent, shop_of
from tests.live.gate import Gate
from tests.live.shop import COMPARE, Shop
from tests.live.web import Saver, Searcher, Web
from visual_search.engines.elasticsearch import ElasticsearchEngine
from visual_search.errors import VisualSearchError
from visual_search.types import BrowseLeg, EngineQuery, VectorLeg, WordsLeg

pytestmark = [pytest.mark.live, pytest.mark.slow]
SAVES = int(os.environ.get("CHAOS_SAVES", "200"))
START = Path(os.environ.get("ELASTICSEARCH_START", Path(__file__).resolve().parents[3] / "shared/elasticsearch/start"))

SKUS = """
import json
from catalog.models import Product
print(json.dumps(sorted(Product.objects.values_list("sku", flat=True))))
"""


class OwnNode:
    """A node of this test alone, which is killed with -9 and started again."""

    def __init__(self, port: str) -> None:
        self.port = port
        self.open()

    def open(self) -> None:
        printed = subprocess.run(
            [START, "--port", self.port, "--heap", "512m"], capture_output=True, text=True, timeout=300, check=True
        ).stdout
        found = dict(re.findall(r"^(\w+)=(\S+)$", printed, re.M))
        self.url, self._pid = found["URL"], int(found["PID_1"])

    def cut(self) -> None:
        os.kill(self._pid, 9)

    def stop(self) -> None:
        subprocess.run([START.with_name("stop"), "--port", self.port, "--wipe"], timeout=60, check=False)


@contextmanager
def node_or_gate(url: str) -> Iterator[Gate | OwnNode]:
    if SAVES < 1000:
        gate = Gate(url)
        yield gate
        gate.cut()
        return
    if not START.exists():
        absent(f"no script starts a node at {START}; set ELASTICSEARCH_START")
    node = OwnNode("19240")
    try:
        yield node
    finally:
        node.stop()


class Watcher(threading.Thread):
    """Looks at the versions in the index again and again, and notes every one that went back."""

    def __init__(self, url: str, prefix: str) -> None:
        super().__init__(daemon=True)
        self.engine = ElasticsearchEngine(url, index_prefix=prefix)
        self.went_back: list[tuple[str, int, int]] = []
        self.looks = 0
        self._seen: dict[str, int] = {}
        self._end = threading.Event()

    def run(self) -> None:
        while not self._end.wait(0.5):
            with suppress(VisualSearchError):
                for item in self.engine.versions("products"):
                    if item.version < self._seen.get(item.id, 0):
                        self.went_back.append((item.id, self._seen[item.id], item.version))
                    self._seen[item.id] = max(item.version, self._seen.get(item.id, 0))
                self.looks += 1

    def end(self) -> None:
        self._end.set()
        self.join(30)
        self.engine.close()


def is_equal(shop: Shop) -> bool:
    try:
        return "equal" in shop.run(COMPARE)
    except AssertionError:
        return False


def cut_database(shop: Shop, postgres_url: str) -> None:
    """What a restart of PostgreSQL does to those who use it: every connection of this shop breaks."""
    name = shop.environment["DATABASE_URL"].rpartition("/")[2]
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))


@contextmanager
def visitors(shop: Shop) -> Iterator[tuple[Web, Saver, Searcher]]:
    """A web server with one who saves and one who asks."""
    web = Web(shop.environment)
    saver, searcher = Saver(web), Searcher(web)
    try:
        shop.wait_until(lambda: web.ask("GET", "/api/v1/search?q=lamp") is not None, "the web server answers")
        saver.start()
        searcher.start()
        yield web, saver, searcher
    finally:
        for client in (saver, searcher):
            client.end()
        web.kill()


def test_kills_at_random_lose_no_save_and_no_version_goes_back(
    postgres_url: str,
    redis_url: str,
    elasticsearch_url: str,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    draw = random.Random(SAVES)
    with (
        node_or_gate(elasticsearch_url) as node,
        shop_of(tmp_path, postgres_url, redis_url, node.url, LIVE_ENCODER="thumbnails") as shop,
    ):
        shop.manage("visual_search", "rebuild")
        watcher = Watcher(node.url, shop.environment["INDEX_PREFIX"])
        watcher.start()
        beat, worker = shop.start_beat(tmp_path), shop.start_worker()
        kills = {"web": 0, "worker": 0, "database": 0, "node": 0}
        with visitors(shop) as (web, saver, searcher):
            while saver.acknowledged < SAVES or not all(kills.values()):
                time.sleep(draw.uniform(0.5, 2.0))
                # Each of them once, then as it comes; a node that comes back takes longest.
                unused = [kind for kind in kills if not kills[kind]]
                kind = draw.choice(unused) if unused else draw.choices(list(kills), weights=(3, 3, 3, 1))[0]
                if kind == "worker":
                    shop.kill(worker)
                    worker = shop.start_worker()
                elif kind == "web":
                    web.kill()
                    web.start()
                elif kind == "database":
                    cut_database(shop, postgres_url)
                else:
                    node.cut()
                    time.sleep(draw.uniform(1.0, 3.0))
                    node.open()
                kills[kind] += 1
                time.sleep(3.0)  # A process that is killed before it has started would never do anything.
                assert beat.poll() is None
        shop.wait_until(lambda: is_equal(shop), "index and database are equal by themselves", 240)
        watcher.end()
        skus = set(json.loads(shop.run(SKUS)))
        record_property("kills", kills)
        if SAVES >= 1000:
            print(  # noqa: T201
                f"{saver.acknowledged} saves acknowledged, {saver.unanswered} not, kills {kills}; {searcher.answered} "
                f"questions answered, {searcher.unavailable} put off, {searcher.unanswered} without a server"
            )
        assert set(saver.there) - skus == set()
        assert saver.gone & skus == set()
        assert watcher.went_back == []
        assert watcher.looks > 2
        assert searcher.failed == []
        assert searcher.answered > 0


def test_a_rebuild_under_load_fails_no_question_and_loses_no_save(
    postgres_url: str, redis_url: str, elasticsearch_url: str, tmp_path: Path
) -> None:
    with shop_of(tmp_path, postgres_url, redis_url, elasticsearch_url, LIVE_ENCODER="thumbnails") as shop:
        shop.manage("visual_search", "rebuild")
        shop.start_worker()
        shop.start_beat(tmp_path)
        with visitors(shop) as (_, saver, searcher):
            shop.wait_until(lambda: saver.acknowledged > 50 and searcher.answered > 0, "saves and questions have begun")
            before = saver.acknowledged, searcher.answered
            for command in ("rebuild", "rebuild", "rollback"):
                shop.manage("visual_search", command)
            after = saver.acknowledged, searcher.answered
        shop.wait_until(lambda: is_equal(shop), "index and database are equal by themselves", 180)
        skus = set(json.loads(shop.run(SKUS)))
        assert set(saver.there) - skus == set()
        assert saver.gone & skus == set()
        assert (saver.unanswered, searcher.unavailable, searcher.unanswered, searcher.failed) == (0, 0, 0, [])
        assert after[0] - before[0] > 20  # Saves and questions did go on meanwhile.
        assert after[1] - before[1] > 5


@pytest.mark.skipif("CLUSTER" not in os.environ, reason="starts three nodes, which takes minutes; CLUSTER=1 runs it")
def test_a_cluster_that_loses_a_node_loses_no_document_and_fails_no_search() -> None:
    if not START.exists():
        absent(f"no script starts a cluster at {START}; set ELASTICSEARCH_START")
    ports = ("19230", "19231", "19232")
    printed = subprocess.run(
        [START, "--port", ports[0], "--nodes", "3", "--heap", "512m"],
        capture_output=True, text=True, timeout=400, check=True,
    ).stdout  # fmt: skip
    pids = [int(pid) for pid in re.findall(r"^PID_\d=(\d+)$", printed, re.M)]
    engine = ElasticsearchEngine([f"http://127.0.0.1:{port}" for port in ports], replicas=1)
    try:
        engine.rebuild(SHOP, make_schema(), [make_document("first", title="lamp", images={"p": vector(1)})])
        engine.server.client.cluster.health(wait_for_status="green", timeout="60s")
        end, stored, failed, asked = threading.Event(), set[str](), list[str](), [0]

        def write(name: str) -> None:
            n = 0
            while not end.is_set():
                documents = [make_document(f"{name}-{n}-{k}", title="lamp", images={"p": vector(n)}) for k in range(5)]
                with suppress(VisualSearchError):  # What isn't acknowledged may be lost; the outbox tries it again.
                    stored.update(engine.upsert(SHOP, documents).stored)
                n += 1

        def read() -> None:
            legs = (WordsLeg("w", "lamp", ("en",), 5), VectorLeg("v", "image", vector(1), 5), BrowseLeg("b", 5))
            while not end.is_set():
                try:
                    engine.search(SHOP, EngineQuery(legs))
                except VisualSearchError as error:
                    failed.append(repr(error))
                asked[0] += 1

        threads = [threading.Thread(target=write, args=(name,)) for name in "abc"] + [threading.Thread(target=read)]
        for thread in threads:
            thread.start()
        time.sleep(5)
        shards = engine.server.client.cat.shards(index=f"{SHOP}-v*", format="json")
        primary = next(row["node"] for row in shards if row["prirep"] == "p")  # type: ignore[index]
        numbers = {
            row["name"]: n
            for n, row in enumerate(sorted(engine.server.client.cat.nodes(format="json"), key=lambda row: row["name"]))
        }  # type: ignore[index,arg-type]
        os.kill(pids[numbers[primary]], 9)
        time.sleep(25)
        end.set()
        for thread in threads:
            thread.join(60)
        engine.refresh(SHOP)
        held = {item.id for item in engine.versions(SHOP)}
        print(f"{len(stored)} acknowledged, {len(stored - held)} lost; {asked[0]} searches, {len(failed)} failed")  # noqa: T201
        assert stored - held == set()
        assert failed == []
    finally:
        engine.close()
        subprocess.run([START.with_name("stop"), "--port", ports[0], "--wipe"], timeout=90, check=False)
