"""When item vectors are made: after a rebuild, on a schedule, by hand, and soon after a search has missed some."""

from __future__ import annotations

import logging
import threading
import time

from celery import shared_task
from django.db import connections

from visual_search import registry
from visual_search.conf import conf
from visual_search.features.personalisation import accounts, item_vectors
from visual_search.tasks import in_process

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 300.0  # between two refreshes that searches ask for: each one compares the whole table with the index

_lock = threading.Lock()
_asked_at: dict[str, float] = {}  # by collection, on the monotonic clock


@shared_task(name="visual_search.features.personalisation.refresh", ignore_result=True, acks_late=True)
def refresh(collection: str | None = None) -> None:
    """Make the item vectors that are missing, of all collections where none is named, and delete expired copies.

    Two runs at the same time do no harm: where the older one writes last, its row has an older version, and the next
    refresh makes it again.
    """
    accounts.expire()
    for source in registry.sources():
        if collection in (None, source.collection):
            item_vectors.refresh(source.collection)


def soon(collection: str) -> None:
    """Ask for a refresh and don't wait for it. A process asks at most once in PAUSE_SECONDS for each collection."""
    now = time.monotonic()
    with _lock:
        if now - _asked_at.get(collection, -PAUSE_SECONDS) < PAUSE_SECONDS:
            return
        _asked_at[collection] = now
    if not in_process():
        try:
            refresh.apply_async((collection,), retry=False)
        # Each broker library raises errors of its own. The schedule makes the vectors later.
        except Exception as problem:
            logger.warning("The broker didn't take the refresh of item vectors (%s).", problem)
    elif conf.INDEX_IN_BACKGROUND:
        threading.Thread(target=_refresh_here, args=(collection,), name="item-vectors", daemon=True).start()


def _refresh_here(collection: str) -> None:
    try:
        refresh(collection)
    except Exception:
        logger.exception("Item vectors of '%s' weren't made; the next search asks again later.", collection)
    finally:
        connections.close_all()
