"""The shop on PostgreSQL, Redis with a Celery worker, and Elasticsearch, by environment variables alone."""

from __future__ import annotations

import signal

import pytest

from tests.live.shop import COMPARE, ROOT, STATES, Shop

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


def test_a_save_reaches_elasticsearch_through_the_worker(shop: Shop) -> None:
    shop.manage("visual_search", "rebuild")
    shop.start_worker()
    shop.run(SAVE, "0", "12")
    shop.wait_until(lambda: shop.all_indexed(12), "all twelve are indexed")
    assert "equal 12" in shop.run(COMPARE)
    assert "N-7" in shop.manage("visual_search", "try_photo", str(PICTURES[7]), "-k", "1")


def test_a_worker_killed_in_a_batch_loses_nothing(shop: Shop) -> None:
    shop.manage("visual_search", "rebuild")
    worker = shop.start_worker()
    shop.run(SAVE, "0", "60")
    shop.wait_until(lambda: "processing" in shop.run(STATES), "a batch is in work", 60)
    worker.send_signal(signal.SIGKILL)
    worker.wait(10)
    shop.run(SAVE, "60", "66")
    shop.start_worker()
    # Leases are short in these settings; beat's task is run by hand here.
    shop.wait_until(lambda: "processing" not in shop.run(STATES) or _reconcile(shop), "the lease ends", 60)
    shop.manage("visual_search", "reconcile")
    assert "equal 66" in shop.run(COMPARE)


def _reconcile(shop: Shop) -> bool:
    shop.manage("visual_search", "reconcile")
    return False


def test_saves_go_on_while_broker_and_engine_are_away(shop: Shop) -> None:
    shop.manage("visual_search", "rebuild")
    away = {**shop.environment, "CELERY_BROKER_URL": "redis://127.0.0.1:1/0", "ELASTICSEARCH_URL": "http://127.0.0.1:1"}
    Shop(away).run(SAVE, "0", "5")
    assert '"pending": 5' in shop.run(STATES)
    shop.manage("visual_search", "reconcile")
    assert "equal 5" in shop.run(COMPARE)
