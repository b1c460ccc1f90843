"""Fills a new index beside the live one and swaps it in. No search fails meanwhile, and no save is lost.

A new index that is much worse than what the shop has (most objects failed, or most are missing) is dropped instead.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

import numpy as np

from visual_search import registry, wiring
from visual_search.conf import conf
from visual_search.content import lexicon, phrases, readings, uses
from visual_search.content.objects import pages_of_ids
from visual_search.encoders.base import Encoder, Fitting
from visual_search.engines.base import Ability, Engine
from visual_search.engines.recall import RECALL_DEPTH, RECALL_LEAST, SAMPLE, recall_of
from visual_search.errors import VisualSearchError
from visual_search.indexing import index_pending, prepare
from visual_search.models import IndexEntry, LastRebuild, RunningRebuild, State, chunks
from visual_search.reconciling import Reconciled, reconcile_source, repair
from visual_search.registry import Source
from visual_search.signals import index_rebuilt
from visual_search.types import Document, EngineQuery, RebuildReport, Rejected, Vector, VectorLeg, VersionedId

REPLAYS = 5  # passes over what was saved during a rebuild; each is much shorter than the one before
FITTING_PAIRS = 20_000  # pictures with titles that an encoder learns from: 40 MB at 512 dimensions
# How far below 1 the cosine of a picture with itself may lie: its kept vector is rounded to half precision, which moves a
# cosine by less than .001, and so is what the index keeps of it.
ITSELF = 0.002
TELL_SECONDS = 2.0  # between two writes of how far a rebuild is: often enough to watch it
FIRST_REASONS = 5  # that are kept of a rebuild's failures: enough to see what is wrong


@dataclass(frozen=True, slots=True)
class Tally:
    """What a rebuild met. `pictures`: those that have a vector. `lost`: objects indexed before whose picture now isn't there."""

    objects: int = 0
    pictures: int = 0
    warnings: int = 0
    failures: Mapping[str, str] = field(default_factory=dict)  # object id -> reason
    lost: Mapping[str, str] = field(default_factory=dict)  # object id -> reason

    @property
    def first_reasons(self) -> list[str]:
        reasons = (f"{id}: {reason}" for id, reason in (*self.failures.items(), *self.lost.items()))
        return list(islice(reasons, FIRST_REASONS))

    def __str__(self) -> str:
        return (
            f"{self.objects} objects, {self.pictures} pictures, {self.warnings} warnings, {len(self.failures)} failures"
        )


class RebuildRefused(VisualSearchError):
    """The new index would be much worse than the live one, which stays. `tally` says what happened."""

    code = "rebuild_refused"

    def __init__(self, message: str, tally: Tally) -> None:
        super().__init__(message)
        self.tally = tally


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild did, and how good the new index is. `problems` is empty if all is well."""

    report: RebuildReport
    tally: Tally
    replayed: int  # objects that were changed meanwhile
    fitted: int  # pairs of picture and title that the encoder learned from
    recall: float | None  # None where there are no pictures
    problems: tuple[str, ...] = ()


def rebuild(collection: str, *, progress: Callable[[int], None] = lambda count: None, force: bool = False) -> Rebuilt:
    """Fill a new index from the database beside the live one and swap it in; nothing saved meanwhile is lost.

    Raises `RebuildRefused` for a new index that is much worse, unless `force` is set, and the `OUTAGES`; then the live
    index stays as it is.
    """
    source = registry.source(collection)
    engine, encoder = wiring.engine(), wiring.encoder()
    telling = _Telling(collection, progress)
    stream = _Stream(source, encoder, telling.advance)
    RunningRebuild.objects.all().begin(collection, source.queryset().count())
    try:
        encoder.canary()
        uses.note(space.fingerprint for space in encoder.card.spaces)
        approve = None if force else partial(_approve, engine, stream)
        report = engine.rebuild(collection, wiring.schema(collection), stream, approve)
    except VisualSearchError as problem:
        _record(collection, problem.tally if isinstance(problem, RebuildRefused) else stream.tally(), str(problem))
        raise
    finally:
        RunningRebuild.objects.all().end(collection)
    tally = stream.tally(report.rejected)

    # A worker may have just written to the old index without settling its entry. Requeued, it can't settle it any more.
    outbox = IndexEntry.objects.all()
    outbox.requeue(collection)
    failures = tally.failures
    outbox.settle_versions(collection, {id: version for id, version in stream.sent.items() if id not in failures})
    outbox.record_hashes(collection, {id: item for id, item in stream.hashes.items() if id not in failures})
    outbox.record_warnings(collection, stream.warnings)
    # These objects are tried once more, and their entries record what is wrong.
    outbox.note_alone(collection, failures)
    readings.record(collection, stream.shown)
    lexicon.renew(collection, stream.words)
    phrases.renew(collection, stream.phrases)
    _record(collection, tally)
    # Objects that were saved after they were streamed are older in the new index than in the database.
    drift = repair(source, engine)
    index_pending(collection)

    fitted = 0
    if isinstance(encoder, Fitting) and stream.pairs:
        fitted = _fit(encoder, stream.pairs)
    problems = tuple(_what_lacks(engine, collection))
    recall = _recall(engine, collection, encoder, [vector for vector, _, _ in stream.pairs])
    if recall is not None and recall < RECALL_LEAST:
        problems += (f"The recall@{RECALL_DEPTH} sample is {recall:.2f}, but {RECALL_LEAST} is wanted.",)
    index_rebuilt.send(sender=source.model, collection=collection, report=report)
    return Rebuilt(
        report=report,
        tally=tally,
        replayed=stream.replayed + drift,
        fitted=fitted,
        recall=recall,
        problems=problems,
    )


def rollback(collection: str) -> tuple[str, Reconciled]:
    """Swap in the index from before the last rebuild and bring it up to date. Returns its name and what was done.

    Raises IndexMissing if none is kept.
    """
    source = registry.source(collection)
    index = wiring.engine().rollback(collection)
    return index, reconcile_source(source)


def _approve(engine: Engine, stream: _Stream, documents: int, rejected: Sequence[Rejected]) -> None:
    """Raise RebuildRefused where the new index, which has so many documents, is much worse than it should be."""
    collection = stream.source.collection
    tally = stream.tally(rejected)
    worse = len(tally.failures.keys() | tally.lost.keys())
    # In a tiny shop one object is a large share already.
    if worse > max(1, conf.REBUILD_FAILURES_MAX * tally.objects) or 0 < worse == tally.objects:
        raise RebuildRefused(
            f"{worse} of {tally.objects} objects failed or lost a picture; at most {conf.REBUILD_FAILURES_MAX:.0%} may "
            "(REBUILD_FAILURES_MAX). Mend what the reasons say, or take the new index all the same with --force.",
            tally,
        )
    # What was deleted on purpose stands as deleted in the outbox, so only what vanished without a word counts.
    live = engine.health().documents.get(collection, 0)
    expected = min(live, IndexEntry.objects.filter(collection=collection, deleted=False).count())
    if documents < (1 - conf.REBUILD_SHRINK_MAX) * expected:
        raise RebuildRefused(
            f"The new index has {documents} documents, the live one {live}, and {expected} of those were never deleted; at "
            f"most {conf.REBUILD_SHRINK_MAX:.0%} may be lacking (REBUILD_SHRINK_MAX). See that the settings name the right "
            "database and that the source's queryset() returns all that should be found. If so many objects are meant to "
            "be gone, run `manage.py visual_search reconcile` first, or take the new index with --force.",
            tally,
        )


def _record(collection: str, tally: Tally, problem: str = "") -> None:
    """Keep for health and the admin what became of the last rebuild."""
    LastRebuild.objects.all().record(
        collection,
        taken=not problem,
        problem=problem[:2000],
        objects_read=tally.objects,
        pictures=tally.pictures,
        warnings=tally.warnings,
        failures=len(tally.failures),
        reasons=[reason[:300] for reason in tally.first_reasons],
    )


class _Telling:
    """Tells the caller of each step, and the database every few seconds, for health and the admin."""

    def __init__(self, collection: str, progress: Callable[[int], None]) -> None:
        self._collection, self._progress = collection, progress
        self._done, self._told_at = 0, time.monotonic()

    def advance(self, count: int) -> None:
        self._done += count
        self._progress(count)
        if time.monotonic() - self._told_at >= TELL_SECONDS:
            RunningRebuild.objects.all().advance(self._collection, self._done)
            self._told_at = time.monotonic()


class _Stream:
    """All documents of a collection, then those of objects that were saved meanwhile. It can be iterated once."""

    def __init__(self, source: Source, encoder: Encoder, progress: Callable[[int], None]) -> None:
        self.source, self.encoder, self.progress = source, encoder, progress
        self.sent: dict[str, int] = {}  # object id -> version
        self.failures: dict[str, str] = {}
        self.warnings: dict[str, str] = {}
        self.hashes: dict[str, tuple[int, str]] = {}  # object id -> version and hash of the content that was sent
        self.gone: set[str] = set()
        self.pictures: dict[str, int] = {}  # object id -> pictures with a vector
        # Of objects that lost a picture: if this index is refused, the live one still has it. For the others it is all one.
        self.shown: dict[str, dict[str, str]] = {}
        self.replayed = 0
        self.schema = wiring.schema(source.collection)
        self.words = lexicon.Counts()
        self.phrases = phrases.Counts()
        self.pairs: list[tuple[Vector, str, str]] = []  # picture, title, language

    def __iter__(self) -> Iterator[Document | VersionedId]:
        for ids in pages_of_ids(self.source):
            yield from self._documents(_versions(self.source.collection, ids))
            self.progress(len(ids))
        for _ in range(REPLAYS):
            changed = self._changed()
            if not changed:
                break
            self.replayed += len(changed)
            for items in chunks(changed.items(), conf.INDEX_BATCH):
                yield from self._documents(dict(items))

    def _documents(self, versions: Mapping[str, int]) -> Iterator[Document | VersionedId]:
        prepared = prepare(self.source, self.encoder, versions)
        self.sent |= versions
        for id in versions:
            self.failures.pop(id, None)
            self.warnings.pop(id, None)
            self.gone.discard(id)
            self.pictures.pop(id, None)
            self.shown.pop(id, None)
        self.failures |= prepared.failures | prepared.incomplete
        self.warnings |= prepared.warnings
        self.hashes |= {id: (versions[id], content) for id, content in prepared.hashes.items()}
        self.gone |= {item.id for item in prepared.gone}
        space = self.encoder.card.image.name
        self.pictures |= {document.id: len(document.vectors.get(space, ())) for document in prepared.documents}
        troubled = prepared.warnings.keys() | prepared.incomplete.keys()
        self.shown |= {id: shown for id, shown in prepared.shown.items() if id in troubled}
        readings.record(
            self.source.collection, {id: shown for id, shown in prepared.shown.items() if id not in troubled}
        )
        self._learn_from(prepared.documents)
        self.words.add(prepared.documents, self.schema)
        self.phrases.add(prepared.documents, self.schema)
        yield from prepared.documents
        yield from prepared.gone

    def tally(self, rejected: Iterable[Rejected] = ()) -> Tally:
        """What this rebuild met so far; an engine adds what it rejected."""
        lost: dict[str, str] = {}
        for ids in chunks(self.warnings):
            # An entry is warned once. An object that had this warning before is no worse in the new index.
            before = IndexEntry.objects.filter(collection=self.source.collection, object_id__in=ids, warning="")
            known = before.exclude(indexed_version=None).values_list("object_id", flat=True)
            lost |= {id: self.warnings[id] for id in known}
        return Tally(
            objects=len(self.sent) - len(self.gone),
            pictures=sum(self.pictures.values()),
            warnings=len(self.warnings),
            failures=self.failures | {item.id: item.reason for item in rejected},
            lost=lost,
        )

    def _changed(self) -> dict[str, int]:
        """Versions of objects that were saved after they had been sent, or that are new."""
        entries = IndexEntry.objects.filter(collection=self.source.collection)
        return {
            id: version
            for id, version, deleted in entries.values_list("object_id", "version", "deleted").iterator()
            if self.sent.get(id, None if deleted else -1) not in {None, version}
        }

    def _learn_from(self, documents: Iterable[Document]) -> None:
        space = self.encoder.card.image.name
        for document in documents:
            language, text = next(iter(document.texts.items()), ("", None))
            pictures = document.vectors.get(space)
            if pictures and text and text.title and len(self.pairs) < FITTING_PAIRS:
                self.pairs.append((pictures[0].vector, text.title, language))


def _fit(encoder: Fitting, pairs: Sequence[tuple[Vector, str, str]]) -> int:
    vectors, titles, languages = zip(*pairs, strict=True)
    encoder.fit(np.stack(vectors), titles, languages)
    return len(pairs)


def _what_lacks(engine: Engine, collection: str) -> Iterator[str]:
    """What is wrong with an index that was just filled. Saves go on, so only entries that didn't change meanwhile count."""
    settled = IndexEntry.objects.filter(collection=collection, state=State.INDEXED, deleted=False)
    before = dict(settled.values_list("object_id", "indexed_version"))
    engine.refresh(collection)
    held = {item.id for item in engine.versions(collection)}
    health = engine.health()
    if not health.ok:
        yield f"The engine isn't well: {health.detail}"
    after = dict(settled.values_list("object_id", "indexed_version"))
    lacking = sorted(id for id, version in before.items() if id not in held and after.get(id) == version)
    if lacking:
        yield f"The new index lacks {len(lacking)} of {len(before)} objects, '{lacking[0]}' among them."
    known = set(IndexEntry.objects.filter(collection=collection).values_list("object_id", flat=True))
    if strangers := sorted(held - known):
        yield f"The new index holds {len(strangers)} documents of no known object, '{strangers[0]}' among them."


def _recall(engine: Engine, collection: str, encoder: Encoder, vectors: Sequence[Vector]) -> float | None:
    """Recall@10 for some pictures, by exact search; for an engine without one, how many of the pictures it finds themselves."""
    if not vectors:
        return None
    space = encoder.card.image.name
    chosen = [vectors[row] for row in np.random.default_rng(0).permutation(len(vectors))[:SAMPLE]]
    ask = partial(engine.search, collection)
    if Ability.EXACT_KNN in engine.abilities:
        return recall_of(ask, space, chosen)
    answers = [ask(EngineQuery((VectorLeg("quick", space, vector, 1, named=0),))) for vector in chosen]
    return sum(any(hit.score >= 1 - ITSELF for hit in answer.legs[0].hits) for answer in answers) / len(chosen)


def _versions(collection: str, ids: Collection[str]) -> dict[str, int]:
    """The entries' versions; an object that has no entry gets one."""
    entries = IndexEntry.objects.filter(collection=collection, object_id__in=ids)
    versions = dict(entries.values_list("object_id", "version"))
    if missing := [id for id in ids if id not in versions]:
        IndexEntry.objects.all().note_alone(collection, missing, created=True)
        versions |= dict(entries.filter(object_id__in=missing).values_list("object_id", "version"))
    return versions
