"""Remembers for a minute, in memory alone, the vectors of words that were asked: filters and pages ask the same words again."""

from __future__ import annotations

import hashlib
import os
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import fields
from weakref import WeakKeyDictionary

from PIL import Image

from visual_search.encoders.base import Encoder, Role, lesson_of
from visual_search.types import EncoderCard, ImageVectors, TextVectors

SECONDS = 60  # as long as a shopper needs to choose a filter
MOST = 256  # questions; about 10 kB each


class Memory:
    """The vectors of the last questions, by a keyed hash: no words are in it, and whoever reads it can't try words out."""

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._vectors: OrderedDict[bytes, tuple[float, TextVectors]] = OrderedDict()  # the oldest first
        self._sweeper: threading.Timer | None = None

    def __len__(self) -> int:
        return len(self._vectors)

    def key(self, *parts: object) -> bytes:
        """The hash under which vectors are kept that depend on all these parts."""
        return hashlib.blake2b(repr(parts).encode(), key=self._secret).digest()

    def get(self, key: bytes) -> TextVectors | None:
        """The vectors; None if they were never kept, or are older than a minute."""
        with self._lock:
            self._forget_old()
            kept = self._vectors.get(key)
        return kept[1] if kept else None

    def put(self, key: bytes, vectors: TextVectors) -> None:
        """Keep these vectors for a minute from now on."""
        for field in fields(vectors):
            if (rows := getattr(vectors, field.name)) is not None:
                rows.setflags(write=False)  # Several questions read the same rows.
        with self._lock:
            self._forget_old()
            self._vectors[key] = (time.monotonic(), vectors)
            self._vectors.move_to_end(key)
            while len(self._vectors) > MOST:
                self._vectors.popitem(last=False)
            self._sweep_later()

    def _forget_old(self) -> None:
        oldest = time.monotonic() - SECONDS
        while self._vectors and next(iter(self._vectors.values()))[0] <= oldest:
            self._vectors.popitem(last=False)

    def _sweep_later(self) -> None:
        # Much of the words can be guessed from their vectors, so they end in time also where nobody asks anything more.
        if self._vectors and self._sweeper is None:
            self._sweeper = threading.Timer(SECONDS, self._sweep)
            self._sweeper.daemon = True
            self._sweeper.start()

    def _sweep(self) -> None:
        with self._lock:
            self._sweeper = None
            self._forget_old()
            self._sweep_later()


_memories: WeakKeyDictionary[Encoder, Memory] = WeakKeyDictionary()
_lock = threading.Lock()


def memory_of(encoder: Encoder) -> Memory:
    """What is remembered of this encoder's answers. It ends with the encoder, such as after a change of the settings."""
    with _lock:
        try:
            return _memories.setdefault(encoder, Memory())
        except TypeError:  # An encoder that can't be a key, such as one with slots, is asked each time.
            return Memory()


class Remembering:
    """An `Encoder` that asks the inner one for the words of a question only if it wasn't asked the same within a minute."""

    def __init__(self, inner: Encoder) -> None:
        self.inner = inner
        self._memory = memory_of(inner)

    @property
    def card(self) -> EncoderCard:
        return self.inner.card

    def images(self, pictures: Sequence[Image.Image]) -> ImageVectors:
        return self.inner.images(pictures)

    def texts(self, texts: Sequence[str], *, role: Role, language: str | None) -> TextVectors:
        """Only single texts of questions are remembered: those of documents are kept by content in the database."""
        # Read before the words are encoded: what a fit changes meanwhile is then kept under what was true before it.
        state = lesson_of(self.inner)
        if role != "query" or len(texts) != 1 or state is None:
            return self.inner.texts(texts, role=role, language=language)
        key = self._memory.key(self.inner.card.id, self.inner.card.spaces, state, language, texts[0])
        vectors = self._memory.get(key)
        if vectors is None:
            vectors = self.inner.texts(texts, role=role, language=language)
            self._memory.put(key, vectors)
        return vectors

    def canary(self) -> None:
        self.inner.canary()


def _after_fork() -> None:
    # A lock may be held and a timer is gone; and what one process was asked is nothing for the other.
    global _lock  # noqa: PLW0603
    _lock = threading.Lock()
    _memories.clear()


os.register_at_fork(after_in_child=_after_fork)
