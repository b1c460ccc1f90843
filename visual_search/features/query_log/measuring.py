"""How many milliseconds the query log adds to an answer, its writes included."""

from __future__ import annotations

import time
from dataclasses import replace
from uuid import uuid4

import numpy as np
from django.db import transaction

from visual_search.features.query_log.collecting import ROWS_TO_HIDE_AMONG, Buffer
from visual_search.features.query_log.options import Mode, now, options
from visual_search.features.query_log.writing import Batch, write
from visual_search.measuring.measures import Table
from visual_search.privacy.pseudonyms import client_material
from visual_search.types import Hit, Page, Query

PAUSE_SECONDS = 0.005  # between two questions, as in a busy process
PAGE = Page(
    query_id="", took_ms=80.0, total=24, relation="eq", hits=tuple(Hit(f"{n}", 1.0) for n in range(24)), facets=(), page=1,
    page_size=24, language="en",
)  # fmt: skip


def overhead(questions: int) -> Table:
    """Measure with a buffer of its own. Its writes are rolled back, so the shop's log stays as it is."""
    writes: list[tuple[float, float]] = []

    def write_and_undo(batch: Batch) -> None:
        begin = _clocks()
        with transaction.atomic():
            write(batch)
            transaction.set_rollback(True)
        writes.append(_since(begin))

    buffer = Buffer(write_and_undo)
    buffer.tidied_at(now())
    count = max(questions, 4 * ROWS_TO_HIDE_AMONG)
    times = []
    for number in range(count):
        times.append(_timed(buffer, number))
        time.sleep(PAUSE_SECONDS)
    buffer.end()
    mode = "" if options().mode is Mode.ANONYMOUS else f" (mode {options().mode}: no rows are written)"
    return Table(
        title=f"query log: {count} questions, rows written {ROWS_TO_HIDE_AMONG} at a time{mode}",
        columns=dict.fromkeys(("p50 ms", "p95 ms", "CPU p50", "CPU p95", "max ms"), "{:.2f}"),
        rows={"noting a question": _row(times), f"writing {ROWS_TO_HIDE_AMONG}": _row(writes)},
        notes=(
            f"Written by a thread of its own while one question comes each {1000 * PAUSE_SECONDS:.0f} ms."
            if options().in_background
            else f"The greatest is one question in {ROWS_TO_HIDE_AMONG}: the one that writes.",
        ),
    )


def _timed(buffer: Buffer, number: int) -> tuple[float, float]:
    query = Query(words=f"red chair {number % 40}")
    page = replace(PAGE, query_id=str(uuid4()))
    material = client_material(address=f"203.0.{number % 250}.9", user_agent="Browser")
    begin = _clocks()
    buffer.question(query, page, material=material, opted_out=False)
    return _since(begin)


def _clocks() -> tuple[float, float]:
    return time.perf_counter(), time.thread_time()


def _since(begin: tuple[float, float]) -> tuple[float, float]:
    return (time.perf_counter() - begin[0]) * 1000, (time.thread_time() - begin[1]) * 1000


def _row(times: list[tuple[float, float]]) -> dict[str, float]:
    wall, work = np.array(times or [(0.0, 0.0)]).T
    return {
        "p50 ms": float(np.percentile(wall, 50)),
        "p95 ms": float(np.percentile(wall, 95)),
        "CPU p50": float(np.percentile(work, 50)),
        "CPU p95": float(np.percentile(work, 95)),
        "max ms": float(wall.max()),
    }
