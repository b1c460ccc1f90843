"""Sends what waits, and deletes what is over, in a thread of a process that serves and has no broker."""

from __future__ import annotations

import threading

from visual_search.features.customer_service import telling, tidying
from visual_search.tasks import Repeated

_REST = 60.0  # seconds until what couldn't be sent is tried again


def _send(stop: threading.Event) -> None:
    if telling.waits():
        telling.tell()
    tidying.tidy()


thread = Repeated("visual-search-service", _send, lambda: _REST, called="Sending")
