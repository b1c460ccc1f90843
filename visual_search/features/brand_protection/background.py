"""Looks at listings as they are saved, in a thread of a process that serves and has no broker."""

from __future__ import annotations

import threading

from visual_search.conf import conf
from visual_search.features.brand_protection import offers, telling, watching
from visual_search.features.brand_protection.options import options
from visual_search.tasks import Repeated, let_photos_go_first


def _watch(stop: threading.Event) -> None:
    if (options().collections and offers.are_saved()) or watching.waiting().exists():
        let_photos_go_first(stop)
        watching.watch(should_stop=stop.is_set)
        telling.tell_at_once()


thread = Repeated("visual-search-brands", _watch, lambda: conf.INDEX_POLL_SECONDS, called="Watching")
