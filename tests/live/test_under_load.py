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

import pytest

from tests.contracts.engine import SHOP, make_document, make_schema, vector
from tests.live.conftest import absent, shop_of
from tests.live.gate import Gate
from tests.live.shop import COMPARE, Shop
from visual_search.engines.elasticsearch import ElasticsearchEngine
from visual_search.errors import VisualSearchError
from visual_search.types import BrowseLeg, EngineQuery, VectorLeg, WordsLeg

pytestmark = [pytest.mark.live, pytest.mark.slow]
SAVES = int(os.environ.get("CHAOS_SAVES", "300"))
START = Path(os.environ.get("ELASTICSEARCH_START", Path(__file__).resolve().parents[3] / "shared/elasticsearch/start"))

# Saves as a web server's process does: new products, changes and deletes, each acknowledged in a file once committed.
SAVER = """
import random, sys, time
from django.db import transaction
from catalog.models import Product, ProductText
file, until = sys.argv[1], int(sys.argv[2])
done = sum(1 for _ in open(file))
while done < until:
    draw = random.random()
    known = Product.objects.order_by("?").first()
    with transaction.atomic():
        if known is None or draw < 0.6:
            sku = f"C-{random.getrandbits(48):x}"
            product = Product.objects.create(sku=sku, state="published", stock=1, category="Chaos")
            ProductText.objects.create(product=product, language="en", title=f"Chaos lamp {done}")
            said = f"saved {sku}"
        elif draw < 0.9:
            known.stock += 1
            known.save()
            said = f"saved {known.sku}"
        else:
            # Killed between the commit and the next line, it would leave a delete that nobody knows of.
            with open(file, "a") as acknowledged:
                acknowledged.write(f"deleting {known.sku}\\n")
            said = f"deleted {known.sku}"
            known.delete()
    with open(file, "a") as acknowledged:
        acknowledged.write(said + "\\n")
    done += 1
    time.sleep(0.03)
"""
SEARCHER = """
import json, os, sys, time
from visual_search import search
from visual_search.errors import EngineUnavailable
from visual_search.types import Query
file = sys.argv[1]
asked = unavailable = 0
failed = []
while True:
    try:
        search.search(Query(words="chaos lamp", language="en"))
    except EngineUnavailable:
        unavailable += 1
    except Exception as error:
        failed.append(repr(error)[:300])
    asked += 1
    with open(file + ".new", "w") as out:
        json.dump([asked, unavailable, failed], out)
    os.replace(file + ".new", file)
    time.sleep(0.05)
"""
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


def lines(file: Path) -> list[str]:
    return file.read_text().splitlines()


def acknowledged(file: Path) -> tuple[set[str], set[str]]:
    """SKUs that must be there, and those that must not."""
    found: dict[str, set[str]] = {"saved": set(), "deleting": set(), "deleted": set()}
    for line in lines(file):
        word, sku = line.split()
        found[word].add(sku)
    return found["saved"] - found["deleting"], found["deleted"]


def is_equal(shop: Shop) -> bool:
    try:
        return "equal" in shop.run(COMPARE)
    except AssertionError:
        return False


def test_kills_at_random_lose_no_save_and_no_version_goes_back(
    postgres_url: str,
    redis_url: str,
    elasticsearch_url: str,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    draw = random.Random(SAVES)
    file, answers = tmp_path / "saves", tmp_path / "answers"
    file.touch()
    with (
        node_or_gate(elasticsearch_url) as node,
        shop_of(tmp_path, postgres_url, redis_url, node.url, LIVE_ENCODER="thumbnails") as shop,
    ):
        shop.manage("rebuild_index")
        watcher = Watcher(node.url, shop.environment["INDEX_PREFIX"])
        watcher.start()
        beat = shop.start_beat(tmp_path)
        worker, saver = shop.start_worker(), shop.start_script(SAVER, str(file), str(SAVES))
        searcher = shop.start_script(SEARCHER, str(answers))
        kills = {"web": 0, "worker": 0, "node": 0}
        next_node = SAVES // 3
        while len(lines(file)) < SAVES:
            time.sleep(draw.uniform(1.0, 3.0))
            kind = draw.choice(("web", "worker"))
            if len(lines(file)) >= next_node:
                kind, next_node = "node", next_node + SAVES // 3
            if kind == "worker":
                shop.kill(worker)
                worker = shop.start_worker()
            elif kind == "web":
                shop.kill(saver)
                saver = shop.start_script(SAVER, str(file), str(SAVES))
            else:
                node.cut()
                time.sleep(draw.uniform(1.0, 3.0))
                node.open()
            kills[kind] += 1
            time.sleep(3.0)  # A process that is killed before it has started would never do anything.
            assert beat.poll() is None
        shop.kill(saver)
        shop.wait_until(lambda: is_equal(shop), "index and database are equal by themselves", 240)
        watcher.end()
        shop.kill(searcher)
        there, gone = acknowledged(file)
        skus = set(json.loads(shop.run(SKUS)))
        asked, unavailable, failed = json.loads(answers.read_text())
        record_property("kills", kills)
        if SAVES >= 1000:
            print(f"{SAVES} saves, kills {kills}; {asked} questions, {unavailable} unavailable, {len(failed)} failed")  # noqa: T201
        assert there - skus == set()
        assert gone & skus == set()
        assert watcher.went_back == []
        assert watcher.looks > 2
        assert failed == []
        assert kills["node"] > 0
        assert kills["web"] + kills["worker"] > 1


def test_a_rebuild_under_load_fails_no_question_and_loses_no_save(
    postgres_url: str, redis_url: str, elasticsearch_url: str, tmp_path: Path
) -> None:
    file, answers = tmp_path / "saves", tmp_path / "answers"
    file.touch()
    with shop_of(tmp_path, postgres_url, redis_url, elasticsearch_url, LIVE_ENCODER="thumbnails") as shop:
        shop.manage("rebuild_index")
        shop.start_worker()
        shop.start_beat(tmp_path)
        saver, searcher = shop.start_script(SAVER, str(file), "1000000"), shop.start_script(SEARCHER, str(answers))
        shop.wait_until(lambda: len(lines(file)) > 50 and answers.exists(), "saves and questions have begun")
        before = len(lines(file)), json.loads(answers.read_text())[0]
        for command in ("rebuild_index", "rebuild_index", "rollback_index"):
            shop.manage(command)
        after = len(lines(file)), json.loads(answers.read_text())[0]
        shop.kill(saver)
        shop.kill(searcher)
        shop.wait_until(lambda: is_equal(shop), "index and database are equal by themselves", 180)
        there, gone = acknowledged(file)
        skus = set(json.loads(shop.run(SKUS)))
        assert there - skus == set()
        assert gone & skus == set()
        _, unavailable, failed = json.loads(answers.read_text())
        assert (unavailable, failed) == (0, [])
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
        engine.client.cluster.health(wait_for_status="green", timeout="60s")
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
        shards = engine.client.cat.shards(index=f"{SHOP}-v*", format="json")
        primary = next(row["node"] for row in shards if row["prirep"] == "p")  # type: ignore[index]
        numbers = {
            row["name"]: n
            for n, row in enumerate(sorted(engine.client.cat.nodes(format="json"), key=lambda row: row["name"]))
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
