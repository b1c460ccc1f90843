"""Records the vectors that a model gives for the canary when it is first loaded, and checks later loads against them.

Models that are named by a setting bring no vectors to compare with, so the first load writes them down, with the
dimensions and a digest of the files. Later loads must give the same; the card is known from the record alone.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from visual_search.encoders.atomic import write_once
from visual_search.encoders.canary import LEAST_COSINE
from visual_search.errors import CanaryFailed
from visual_search.types import Matrix

_META = "meta"


@dataclass(frozen=True, slots=True)
class Recording:
    """`meta`: plain values by name. `vectors`: part -> unit rows."""

    meta: Mapping[str, str]
    vectors: Mapping[str, Matrix]

    def write(self, path: Path) -> None:
        """Raises `EncoderUnavailable` where the folder can't be written."""
        buffer = io.BytesIO()
        meta = np.frombuffer(json.dumps(dict(self.meta)).encode(), np.uint8)
        arrays: dict[str, Any] = {_META: meta, **self.vectors}
        np.savez(buffer, allow_pickle=False, **arrays)
        write_once(path, buffer.getvalue())

    def compare(self, vectors: Mapping[str, Matrix], *, what: str, mend: str) -> None:
        """Raise `CanaryFailed` unless every part is as it was recorded."""
        for part, expected in self.vectors.items():
            cosine = least_cosine(vectors.get(part), expected)
            # Written so that NaN fails too.
            if not cosine > LEAST_COSINE:
                raise CanaryFailed(
                    f"The canary of {what} failed for its {part}: cosine {cosine:.4f}, needed {LEAST_COSINE}. {mend}"
                )


def read(path: Path) -> Recording | None:
    """The recording in this file; None where the file is missing or damaged."""
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as stored:
            meta = json.loads(bytes(stored[_META]))
            return Recording(meta, {name: stored[name] for name in stored.files if name != _META})
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def least_cosine(rows: Matrix | None, expected: Matrix) -> float:
    """The smallest cosine of corresponding rows; 0 where the shapes differ."""
    if rows is None or rows.shape != expected.shape or not len(expected):
        return 0.0
    return float((rows * expected).sum(axis=1).min())


def key(parts: Iterable[object]) -> str:
    """32 hex digits that stand for these values."""
    return hashlib.sha256("\0".join(map(repr, parts)).encode()).hexdigest()[:32]
