"""Runs tasks with one encoder, from setting to reports: what the subcommands `measure_quality` and `compare_models` share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from visual_search import wiring
from visual_search.conf import conf
from visual_search.measuring.by_vectors import measure_vectors
from visual_search.measuring.contenders import Contender
from visual_search.measuring.datasets import Task
from visual_search.measuring.quality import Report, measure
from visual_search.measuring.readings import CachingReader
from visual_search.measuring.scratch import Advanced, CachingEncoder, scratch_encoder
from visual_search.types import EncoderCard


@dataclass(frozen=True, slots=True)
class Manner:
    """How tasks are measured. `vectors_alone`: the encoder by itself, without the rest of the search."""

    grey: bool = False
    reading: bool = True
    objects: bool = True
    vectors_alone: bool = False
    configured_engine: bool = False
    limit: int | None = None
    confirmed: int = 0  # photos of each thing that count as kept by the staff

    def as_settings(self) -> dict[str, object]:
        """What a run's figures depend on besides code and encoder."""
        whole = not self.vectors_alone
        return {
            "by": "whole search" if whole else "vectors alone",
            "grey": self.grey,
            "reading": whole and self.reading and wiring.reader() is not None,
            "objects": whole and self.objects and conf.DETECTOR is not None,
            "limit": self.limit,
            "confirmed": self.confirmed,
        }


@contextmanager
def opened(one: Contender, cache: Path) -> Iterator[CachingEncoder]:
    """The encoder, with what it has encoded kept in the folder `cache`."""
    with scratch_encoder(one.cls, one.options) as (plain, teachable):
        encoder = CachingEncoder(plain, cache / _cache_name(plain.card), teachable=teachable)
        try:
            yield encoder
        finally:
            encoder.close()


def run(
    tasks: Sequence[Task], encoder: CachingEncoder, manner: Manner, cache: Path, advanced_of: Callable[[Task], Advanced]
) -> Iterator[Report]:
    """One report a task. `advanced_of(task)` is what is told of its steps."""
    with reading(manner, cache) as kept:
        for task in tasks:
            if manner.vectors_alone:
                yield measure_vectors(task, encoder, grey=manner.grey, advanced=advanced_of(task))
            else:
                yield measure(
                    task,
                    encoder,
                    reader=kept,
                    detector=wiring.detector() if manner.objects else None,
                    grey=manner.grey,
                    use_configured_engine=manner.configured_engine,
                    advanced=advanced_of(task),
                )


@contextmanager
def reading(manner: Manner, cache: Path) -> Iterator[CachingReader | None]:
    """The shop's reader, with what it has read kept in the folder `cache`; None where nothing is read."""
    reader = wiring.reader() if manner.reading and not manner.vectors_alone else None
    kept = CachingReader(reader, cache / "readings.sqlite3") if reader else None
    try:
        yield kept
    finally:
        if kept:
            kept.close()


def _cache_name(card: EncoderCard) -> str:
    # A fingerprint may be any text; only letters and digits are safe in a file's name everywhere.
    return "".join(letter if letter.isalnum() else "-" for letter in card.image.fingerprint[:16]) + ".sqlite3"
