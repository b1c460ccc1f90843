"""Measures what an encoder costs, in a process of its own, so that nothing else is in its memory.

It imports no Django: the process starts with this module alone.
"""

from __future__ import annotations

import multiprocessing
import pkgutil
import resource
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from visual_search.errors import EncoderUnavailable


@dataclass(frozen=True, slots=True)
class Cost:
    """`ms`: processor milliseconds for one picture, the median; `mb`: peak memory of a process that encodes pictures."""

    ms: float
    mb: float


def cost(path: str, options: Mapping[str, Any], pictures: Sequence[Path]) -> Cost:
    """Of the encoder with this dotted path and these options, over these pictures, the first for warming up.

    Raises EncoderUnavailable where the process dies, as of too little memory.
    """
    # A forked child would begin with this process's memory.
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        task = pool.submit(_measured, path, dict(options), [str(picture) for picture in pictures])
        try:
            return task.result()
        except BrokenProcessPool as problem:
            raise EncoderUnavailable(
                f"The process that was to measure the cost of {path} died. If memory is short, measure fewer at a time."
            ) from problem


def _measured(path: str, options: dict[str, Any], pictures: list[str]) -> Cost:
    encoder = pkgutil.resolve_name(path)(**options)
    times = []
    for picture in pictures:
        with Image.open(picture) as image:
            opened = image.convert("RGB")
        begin = time.process_time()
        encoder.images([opened])
        times.append(time.process_time() - begin)
    return Cost(statistics.median(times[1:] or times) * 1000, _peak_mb())


def _peak_mb() -> float:
    # On Linux, getrusage may give a child its parent's peak, so the kernel's own count is read first.
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1e3
    except OSError:
        pass
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
