"""When item vectors are made: after a rebuild, on a schedule, by hand, and soon after a search has missed some."""

from __future__ import annotations

import logging
import threading
import time

from celery import shared_task
from django.db import connections

from visual_search import registry, tasks
from visual_search.conf import conf
from visual_search.features.personalisation import accounts, item_vectors

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 300.0  # between two refreshes that searches ask for

_lock = threading.Lock()
_last: dict[str, float] = {}


@shared_task(name="visual_search.features.personalisation.refresh", ignore_result=True, acks_late=True)
def refresh(collection: str | None = None) -> None:
    """Make what is missing; all collections where none is named. May run twice: versions decide. Ends what is too old."""
    accounts.expire()
    for source in registry.sources():
        if collection in (None, source.collection):
            item_vectors.refresh(source.collection)


def soon(collection: str) -> None:
    """Ask for a refresh without waiting for it; at most once in a while for each process."""
    now = time.monotonic()
    with _lock:
        if now - _last.get(collection, -PAUSE_SECONDS) < PAUSE_SECONDS:
            return
        _last[collection] = now
    if not tasks.in_process():
        try:
            refresh.apply_async((collection,), retry=False)
        # Each broker library raises its own errors; the schedule will do it later.
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
