"""The numbers that ship with the offline encoder: projections, means, and the network's class names as vectors.

`training.py` makes them; `data/README.md` says from what, and under which licences.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from visual_search.encoders.base import Role
from visual_search.encoders.looks import Projection
from visual_search.errors import EncoderUnavailable

FILE = Path(__file__).with_name("data") / "offline.npz"
CANARY_FILE = Path(__file__).with_name("data") / "offline_canary.npz"
NAMES_FILE = Path(__file__).with_name("data") / "imagenet_names.tsv"

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Learned:
    """The shipped numbers, by what they are for."""

    projection: Projection
    class_names: Floats  # (1000, 512) in USE's space
    means: dict[Role, Floats]  # of e5, shape (384,) each


def read(path: Path = FILE) -> Learned:
    """The numbers in this file. Raises `EncoderUnavailable` where it is missing or damaged."""
    arrays = _arrays(path)
    try:
        projection = Projection(
            *(arrays[name] for name in ("network_mean", "network", "whole_mean", "whole", "middle_mean", "middle"))
        )
        return Learned(projection, arrays["names"], {"query": arrays["e5_query"], "document": arrays["e5_document"]})
    except KeyError as problem:
        raise _damaged(path, problem) from problem


@cache
def fingerprint() -> str:
    """SHA-256 of the shipped numbers, in hex: part of every space's fingerprint."""
    return hashlib.sha256(_bytes(FILE)).hexdigest()


def canary() -> dict[str, Floats]:
    """The vectors that the intact encoder gives for the canary's picture and texts."""
    return _arrays(CANARY_FILE)


def class_names() -> list[tuple[str, ...]]:
    """A plain name and WordNet's synonyms for each of the 1,000 classes of ImageNet, in the network's order."""
    lines = _bytes(NAMES_FILE).decode("utf-8").splitlines()
    return [tuple(name.strip() for name in line.replace("\t", ",").split(",")) for line in lines]


def _arrays(path: Path) -> dict[str, Floats]:
    try:
        with np.load(io.BytesIO(_bytes(path)), allow_pickle=False) as stored:
            return {name: stored[name].astype(np.float32) for name in stored.files}
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile) as problem:
        raise _damaged(path, problem) from problem


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as problem:
        raise _damaged(path, problem) from problem


def _damaged(path: Path, problem: Exception) -> EncoderUnavailable:
    return EncoderUnavailable(
        f"The offline encoder's file '{path.name}' is missing or damaged ({problem}). "
        "Reinstall it: pip install --force-reinstall django-visual-search"
    )
