"""Deletes rows that only former encoders and readers made: vectors, readings, grades. All of them can be made again.

The age of a row doesn't decide: on the day after a shop changes its encoder, all its vectors are old, and the shop still wants
them if it changes back. What decides is when a process last worked with the row's maker (`MakerUse`). A process that still has
the old settings notes the use of its makers whenever it indexes; if it only searches, it makes again what it misses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import router
from django.db.models import Model
from django.utils import timezone

from visual_search import registry, wiring
from visual_search.conf import conf
from visual_search.content import readings
from visual_search.errors import IndexMissing
from visual_search.models import Embedding, MadeRows, MakerUse, PictureSight, StoredCalibration

# The models whose rows can be made again, and the field that names the maker of a row.
STORED: Mapping[type[Model], str] = {Embedding: "fingerprint", PictureSight: "maker", StoredCalibration: "fingerprint"}


@dataclass(frozen=True, slots=True)
class Pruned:
    """`removed`: deleted rows by maker and kind. `waiting`: unused makers whose rows stay until the time given."""

    removed: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    waiting: Mapping[str, datetime] = field(default_factory=dict)


def prune(
    days: float | None = None, *, dry_run: bool = False, progress: Callable[[int], None] = lambda count: None
) -> Pruned:
    """Remove rows whose maker nobody has used for `days` (default: `UNUSED_DAYS`); with `dry_run` only count them.

    A maker that the settings name or that a live index was made with is in use, whatever `MakerUse` says. For a maker
    without a `MakerUse` the time begins with this call. Raises EngineUnavailable or ConfigurationError, because without
    an answer of the engine nobody knows what is in use.
    """
    keep = timedelta(days=conf.UNUSED_DAYS if days is None else days)
    uses = MakerUse.objects.using(router.db_for_write(MakerUse))
    used = in_use()
    uses.note(used)
    uses.note_unknown(_makers())
    over = timezone.now() - keep
    out = dict(uses.exclude(maker__in=used).values_list("maker", "used_at"))
    removed = {maker: _remove(maker, dry_run, progress) for maker, when in sorted(out.items()) if when <= over}
    if not dry_run:
        uses.filter(maker__in=removed, used_at__lte=over).delete()
    return Pruned(
        removed={maker: counts for maker, counts in removed.items() if counts},
        waiting={maker: when + keep for maker, when in sorted(out.items()) if when > over},
    )


def in_use() -> set[str]:
    """The encoder's spaces and the reader of the settings, and the spaces of every live index."""
    used = {space.fingerprint for space in wiring.encoder().card.spaces} | {readings.maker()}
    for source in registry.sources():
        try:
            used |= {space.fingerprint for space in wiring.engine().schema(source.collection).spaces}
        except IndexMissing:
            continue
    return used


def _makers() -> Iterable[str]:
    return {maker for model, name in STORED.items() for maker in _rows(model).values_list(name, flat=True).distinct()}


def _remove(maker: str, dry_run: bool, progress: Callable[[int], None]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for model, name in STORED.items():
        rows = _rows(model).filter(**{name: maker})
        counts[str(model._meta.verbose_name_plural)] = rows.count() if dry_run else _drop(rows, progress)
    return {kind: count for kind, count in counts.items() if count}


def _drop(rows: MadeRows, progress: Callable[[int], None]) -> int:
    """Delete in small pieces in the order of keys, so that no save waits for a long lock and the table is read once."""
    dropped = last = 0
    while True:
        count, last = rows.drop_after(last)
        if not count:
            return dropped
        dropped += count
        progress(count)


def _rows(model: type[Model]) -> MadeRows:
    return MadeRows(model, using=router.db_for_write(model))
