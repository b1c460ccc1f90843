"""Loads what questions need before the first one comes: the encoder, the reader, the detector and the live indexes.

A server calls `start` in each of its processes; tests, commands and a development server load at the first question.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image

from visual_search import registry, search, wiring
from visual_search.content import lexicon, live_index
from visual_search.types import Query, QueryPicture

logger = logging.getLogger(__name__)

_thread: threading.Thread | None = None
_failed = False


def start() -> threading.Thread:
    """Begin to load, on a thread of its own. Questions that come meanwhile wait for what they need."""
    global _thread  # noqa: PLW0603 - the process warms up once
    _thread = threading.Thread(target=_run, name="visual-search-warming", daemon=True)
    _thread.start()
    return _thread


def is_going_on() -> bool:
    """Whether what questions need is still being loaded."""
    return _thread is not None and _thread.is_alive()


def has_failed() -> bool:
    """Whether something couldn't be loaded; the log says what and why."""
    return _failed


def _run() -> None:
    global _failed  # noqa: PLW0603 - see above
    begin = time.perf_counter()
    try:
        for collection in registry.public():
            _ask(collection)
    except Exception:
        # The shop serves what it can: questions that need the rest will say what lacks.
        _failed = True
        logger.exception("Not everything that questions need could be loaded.")
    else:
        logger.info("Ready for questions after %.1f s.", time.perf_counter() - begin)


def _ask(collection: str) -> None:
    """A photo of noise and a word, asked as a shopper's question is, and told nobody."""
    noise = np.random.default_rng(0).integers(0, 255, (320, 320, 3), np.uint8)
    query = Query(collection=collection, words="warm", pictures=(QueryPicture(image=Image.fromarray(noise)),))
    serving = live_index.serving(collection)
    lexicon.of(collection)
    parts: dict[str, Any] = {"engine": wiring.engine(), "encoder": wiring.encoder(), "schema": serving.schema}
    # The noise has no things in it that would be encoded, and words alone ask other legs.
    search.rank(query, reader=wiring.reader(), detector=wiring.detector(), **parts)
    search.rank(replace(query, pictures=()), **parts)
