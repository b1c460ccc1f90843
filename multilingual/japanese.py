"""Writes Japanese words as dictionaries do: いす, イス and 椅子 are 椅子. Needs the extra `japanese` (SudachiPy and its words).

Without it nothing is rewritten: pairs of characters are compared as they stand.
"""

from __future__ import annotations

import functools
import threading
from importlib.util import find_spec
from typing import Any

try:
    import sudachipy
except ImportError:
    sudachipy = None

CACHED_RUNS = 20_000
LONGEST_RUN = 256  # characters that are looked at; nobody's title has more in one run
_own = threading.local()  # a tokenizer serves one thread at a time


def usual_writing(run: str) -> str:
    """A run of Japanese characters, each word in its usual writing; "" without the extra.

    >>> usual_writing("木製のいす")
    '木製の椅子'
    """
    return _written(run[:LONGEST_RUN]) + run[LONGEST_RUN:] if _dictionary() is not None else ""


@functools.lru_cache(maxsize=CACHED_RUNS)
def _written(run: str) -> str:
    return "".join(word.normalized_form() for word in _tokenizer().tokenize(run))


@functools.cache
def _dictionary() -> Any:
    """The words, of a package without types; None where a part of the extra lacks."""
    if sudachipy is None or find_spec("sudachidict_small") is None:
        return None
    return sudachipy.Dictionary(dict="small")


def _tokenizer() -> Any:
    if not hasattr(_own, "tokenizer"):
        _own.tokenizer = _dictionary().tokenizer(mode=sudachipy.SplitMode.A)
    return _own.tokenizer
