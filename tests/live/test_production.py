"""The shop on PostgreSQL, Redis with a Celery worker, and Elasticsearch, by environment variables alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from elasticsearch import Elasticsearch

ROOT = Path(__file__).resolve().parents[2]
PICTURES = sorted((ROOT / "catalog/demo/images").glob("*.jpg"))

pytestmark = [pytest.mark.live, pytest.mark.slow]

SAVE = """
import sys
from pathlib import Path
from django.core.files.base import ContentFile
from django.db import transaction
from catalog.models import Product, ProductImage, ProductText
first, last = int(sys.argv[1]), int(sys.argv[2])
pictures = sorted(Path("catalog/demo/images").glob("*.jpg"))
for n in range(first, last):
    with transaction.atomic():
        product = Product.objects.create(sku=f"N-{n}", state="published", stock=1, category="New")
        ProductText.objects.create(product=product, language="en", title=f"Novelty {n}")
        image = ProductImage(product=product)
        image.file.save("x.jpg", ContentFile(pictures[n].read_bytes()))
print("saved", flush=True)
"""
STATES = """
import json
from collections import Counter
from visual_search.models import IndexEntry
print(json.dumps(Counter(IndexEntry.objects.values_list("state", flat=True))))
"""
COMPARE = """
from catalog.models import Product
from visual_search import wiring
from visual_search.models import IndexEntry
wiring.engine().refresh("products")
index = {item.id: item.version for item in wiring.engine().versions("products")}
database = {entry.object_id: entry.version for entry in IndexEntry.objects.filter(deleted=False)}
assert index == database, (len(index), len(database))
assert set(index) == {str(pk) for pk in Product.objects.published().values_list("pk", flat=True)}
print("equal", len(index))
"""


class Shop:
    """Processes of one shop with its own database, broker queue, index prefix and folder."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        self.workers: list[subprocess.Popen[bytes]] = []

    def manage(self, *words: str, timeout: float = 180) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert done.returncode == 0, f"{words}: {done.stdout[-1500:]}{done.stderr[-3000:]}"
        return done.stdout

    def run(self, code: str, *arguments: str) -> str:
        prelude = "import django; django.setup()\n"
        done = subprocess.run(
            [sys.executable, "-c", prelude + code, *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-1500:] + done.stderr[-3000:]
        return done.stdout

    def start_worker(self) -> subprocess.Popen[bytes]:
        worker = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "config", "worker", "--pool", "solo", "--loglevel", "WARNING", "--without-mingle", "--without-gossip"],
            cwd=ROOT, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.workers.append(worker)
        return worker

    def wait_until(self, holds: Callable[[], bool], what: str, seconds: float = 120) -> None:
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, (
                f"{what} didn't come true within {seconds:.0f} s; entries: {self.run(STATES)}"
            )
            time.sleep(1)

    def all_indexed(self, count: int) -> bool:
        return self.run(STATES).strip() == f'{{"indexed": {count}}}'

    def stop(self) -> None:
        for worker in self.workers:
            if worker.poll() is None:
                worker.kill()
            worker.wait(10)


@pytest.fixture
def shop(postgres_url: str, redis_url: str, elasticsearch_url: str, tmp_path: Path) -> Iterator[Shop]:
    name = f"shop_{uuid4().hex[:10]}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.live.settings",
        "DATABASE_URL": f"{postgres_url.rpartition('/')[0]}/{name}",
        "CELERY_BROKER_URL": redis_url,
        "CELERY_QUEUE": name,
        "ELASTICSEARCH_URL": elasticsearch_url,
        "INDEX_PREFIX": f"{name.replace('_', '-')}-",
        "VAR_DIR": str(tmp_path),
        "OMP_NUM_THREADS": "1",
    }
    shop = Shop(environment)
    try:
        shop.manage("migrate", "--verbosity", "0")
        yield shop
    finally:
        shop.stop()
        with Elasticsearch(elasticsearch_url) as client:
            for index in client.indices.get(index=f"{environment['INDEX_PREFIX']}*"):
                client.indices.delete(index=index)
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_save_reaches_elasticsearch_through_the_worker(shop: Shop) -> None:
    shop.manage("rebuild_index")
    shop.start_worker()
    shop.run(SAVE, "0", "12")
    shop.wait_until(lambda: shop.all_indexed(12), "all twelve are indexed")
    assert "equal 12" in shop.run(COMPARE)
    assert "N-7" in shop.manage("try_photo", str(PICTURES[7]), "-k", "1")


def test_a_worker_killed_in_a_batch_loses_nothing(shop: Shop) -> None:
    shop.manage("rebuild_index")
    worker = shop.start_worker()
    shop.run(SAVE, "0", "60")
    shop.wait_until(lambda: "processing" in shop.run(STATES), "a batch is in work", 60)
    worker.send_signal(signal.SIGKILL)
    worker.wait(10)
    shop.run(SAVE, "60", "66")
    shop.start_worker()
    # Leases are short in these settings; beat's task is run by hand here.
    shop.wait_until(lambda: "processing" not in shop.run(STATES) or _reconcile(shop), "the lease ends", 60)
    shop.manage("reconcile_index")
    assert "equal 66" in shop.run(COMPARE)


def _reconcile(shop: Shop) -> bool:
    shop.manage("reconcile_index")
    return False


def test_saves_go_on_while_broker_and_engine_are_away(shop: Shop) -> None:
    shop.manage("rebuild_index")
    away = {**shop.environment, "CELERY_BROKER_URL": "redis://127.0.0.1:1/0", "ELASTICSEARCH_URL": "http://127.0.0.1:1"}
    Shop(away).run(SAVE, "0", "5")
    assert '"pending": 5' in shop.run(STATES)
    shop.manage("reconcile_index")
    assert "equal 5" in shop.run(COMPARE)
