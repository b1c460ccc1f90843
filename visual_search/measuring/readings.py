"""Reads and compares pictures as content/readings.py does, without a database: each once, kept in a file between runs."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image

from visual_search.imaging import copies, keypoint_matching
from visual_search.imaging.decode import content_hash
from visual_search.imaging.reading import Reader, words_of
from visual_search.types import KeptPicture, Reading, ReadLine


class CachingReader:
    """A reader that remembers on disk what it has read, by pixels."""

    def __init__(self, reader: Reader, file: Path) -> None:
        self.inner = reader
        file.parent.mkdir(parents=True, exist_ok=True)
        # A photo is read in a thread of its own, one at a time.
        self._db = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = OFF")  # Losing a cache costs time, nothing else.
        self._db.execute("CREATE TABLE IF NOT EXISTS readings (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID")

    @property
    def fingerprint(self) -> str:
        return self.inner.fingerprint

    def close(self) -> None:
        self._db.close()

    def read(self, image: Image.Image) -> Reading:
        key = content_hash(f"{self.fingerprint}|{image.size}|".encode() + image.tobytes())
        row = self._db.execute("SELECT value FROM readings WHERE key = ?", (key,)).fetchone()
        if row is not None:
            lines, codes = json.loads(row[0])
            return Reading(tuple(ReadLine(text, score) for text, score in lines), tuple(codes))
        reading = self.inner.read(image)
        value = json.dumps([[[line.text, line.confidence] for line in reading.lines], reading.codes])
        self._db.execute("INSERT OR REPLACE INTO readings VALUES (?, ?)", (key, value))
        return reading


class ItemReadings:
    """Label text, thumbnail and keypoints of the pictures of items, each made once."""

    def __init__(self, reader: Reader | None) -> None:
        self.reader = reader
        self._kept: dict[tuple[str, str], KeptPicture] = {}
        self._label_texts: dict[tuple[str, str], str] = {}

    def look_at(self, item_id: str, key: str, image: Image.Image) -> str:
        """Make and keep what a search needs of this picture, unless it is there already; gives its label text."""
        if (item_id, key) not in self._kept:
            self._kept[item_id, key] = KeptPicture(
                copies.thumbnail(image), keypoint_matching.of_catalogue_picture(image).pack()
            )
            self._label_texts[item_id, key] = words_of(self.reader.read(image)) if self.reader else ""
        return self._label_texts[item_id, key]

    def kept(self, pictures: Sequence[tuple[str, str]], keypoints: int) -> Mapping[tuple[str, str], KeptPicture]:
        """The kept pictures among these, as `content.readings.kept` gives them, with all keypoints whatever `keypoints` says."""
        wanted = set(pictures)
        return {pair: kept for pair, kept in self._kept.items() if pair in wanted or (pair[0], "") in wanted}
