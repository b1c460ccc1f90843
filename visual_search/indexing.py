"""Journey A: a saved object reaches the index, whatever crashes on the way.

`receivers.py` has noted each change in the outbox (`IndexEntry`). From there: claim a batch, read its objects fresh,
encode what is new, store documents with the entries' versions, settle the entries. Each step may run twice, on several
workers at once, or be cut off: versions decide which document stays, claims decide who settles an entry, and an entry
is open until it is settled.
"""

from __future__ import annotations

import itertools
import logging
import operator
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np
from django.core.exceptions import ValidationError
from django.db import router
from django.db.models import Model, QuerySet
from django.utils import timezone

from visual_search import registry, wiring
from visual_search.conf import conf
from visual_search.content import documents, live_index, readings, uses, vectors
from visual_search.encoders.base import Encoder, Fitting
from visual_search.engines.base import Ability, Engine
from visual_search.errors import (
    ConfigurationError,
    EncoderUnavailable,
    EngineUnavailable,
    SchemaMismatch,
)
from visual_search.models import IndexEntry, State, chunks
from visual_search.registry import Source
from visual_search.signals import index_rebuilt
from visual_search.types import (
    Document,
    EngineQuery,
    RebuildReport,
    Rejected,
    UpsertReport,
    Vector,
    VectorLeg,
    VersionedId,
)

logger = logging.getLogger(__name__)
Item = TypeVar("Item")

# Nothing is wrong with the objects; all of them wait until somebody mends the cause.
OUTAGES = (EngineUnavailable, EncoderUnavailable, SchemaMismatch, ConfigurationError)
REPLAYS = 5  # passes over what was saved during a rebuild; each is much shorter than the one before
FITTING_PAIRS = 20_000  # pictures with titles that an encoder learns from: 40 MB at 512 dimensions
RECALL_SAMPLE = 20
RECALL_WANTED = 0.95
RECALL_DEPTH = 10


@dataclass(slots=True)
class Outcome:
    """What some indexing did. `stopped` says why it ended early; the entries then wait in the outbox."""

    indexed: int = 0
    removed: int = 0
    failed: int = 0
    stopped: str = ""

    def __iadd__(self, other: Outcome) -> Outcome:
        self.indexed += other.indexed
        self.removed += other.removed
        self.failed += other.failed
        self.stopped = self.stopped or other.stopped
        return self


# --- The journey -------------------------------------------------------------------------------


def index_pending(
    collection: str | None = None,
    *,
    should_stop: Callable[[], bool] = lambda: False,
    progress: Callable[[int], None] = lambda count: None,
) -> Outcome:
    """Index whatever is due, batch by batch, until nothing is. Failures are recorded on the entries, not raised.

    What fails here is left for the next run, however soon it may be tried again: each entry is tried once, so this ends.
    """
    outcome = Outcome()
    begin = timezone.now()
    while not should_stop() and not outcome.stopped:
        entries = IndexEntry.objects.all().claim(conf.INDEX_BATCH, collection, failed_by=begin)
        if not entries:
            break
        by_collection = operator.attrgetter("collection")
        for name, group in itertools.groupby(sorted(entries, key=by_collection), key=by_collection):
            outcome += index_batch(name, list(group))
        progress(len(entries))
    return outcome


def index_batch(collection: str, entries: Sequence[IndexEntry]) -> Outcome:
    """Take claimed entries of one collection all the way into the index."""
    try:
        source = registry.source(collection)
        engine, encoder = wiring.engine(), wiring.encoder()
        # First, because it costs nothing: with the engine away or the index of another shape, encoding is in vain.
        live_index.ensure(collection)
        uses.note(space.fingerprint for space in encoder.card.spaces)
        prepared = prepare(source, encoder, {entry.object_id: entry.version for entry in entries})
        report = store(engine, collection, prepared)
    except OUTAGES as problem:
        logger.warning("%d entries of '%s' wait: %s", len(entries), collection, problem)
        IndexEntry.objects.all().fail(entries, str(problem))
        # A wrong schema or setting is one collection's trouble; the others go on.
        lasting = isinstance(problem, SchemaMismatch | ConfigurationError)
        return Outcome(failed=len(entries), stopped="" if lasting else str(problem))
    except Exception as problem:
        # Recorded, so that a person sees it in the admin and the same entries aren't taken again at once.
        logger.exception("%d entries of '%s' can't be indexed.", len(entries), collection)
        IndexEntry.objects.all().fail(entries, f"{type(problem).__name__}: {problem}")
        return Outcome(failed=len(entries))
    return settle(entries, prepared, report)


@dataclass(slots=True)
class Prepared:
    """What the index should hold of some objects. Each object is in exactly one of the first three."""

    documents: list[Document] = field(default_factory=list)
    gone: list[VersionedId] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)  # object id -> reason
    warnings: dict[str, str] = field(default_factory=dict)  # indexed, but lastingly without something
    incomplete: dict[str, str] = field(default_factory=dict)  # indexed, but something should be tried again

    def __iadd__(self, other: Prepared) -> Prepared:
        self.documents += other.documents
        self.gone += other.gone
        self.failures |= other.failures
        self.warnings |= other.warnings
        self.incomplete |= other.incomplete
        return self


def prepare(source: Source, encoder: Encoder, versions: Mapping[str, int]) -> Prepared:
    """Read these objects fresh and make their documents; `versions` were read before, so content is never older.

    An object that `source.queryset()` doesn't have (any more) is gone, whatever became of it. One that fails alone
    fails alone. Raises the `OUTAGES`.
    """
    try:
        return _prepare(source, encoder, versions)
    except OUTAGES:
        raise
    # Something in the batch made the database, the source's queryset or our own code fail: find out what.
    except Exception as problem:
        if len(versions) == 1:
            logger.exception("%s %s can't be indexed.", source.collection, *versions)
            return Prepared(failures=dict.fromkeys(versions, f"{type(problem).__name__}: {problem}"))
        prepared = Prepared()
        for half in _halves(list(versions.items())):
            prepared += prepare(source, encoder, dict(half))
        return prepared


def _prepare(source: Source, encoder: Encoder, versions: Mapping[str, int]) -> Prepared:
    prepared = Prepared()
    objects = read_objects(source, versions)
    prepared.gone = [VersionedId(id, version) for id, version in versions.items() if id not in objects]

    contents = []
    for id, obj in objects.items():
        try:
            contents.append(documents.read(source, obj))
        except documents.SourceFailed as problem:
            logger.warning("%s", problem)
            prepared.failures[id] = str(problem)

    pictures = vectors.of_pictures(
        encoder,
        {documents.picture_key(reading, picture): picture for reading in contents for picture in reading.pictures},
    )
    titles = vectors.of_titles(encoder, {title for reading in contents for title in reading.titles})
    readings.record(source.collection, contents, pictures.hashes)
    seen = readings.texts(pictures.hashes.values())

    for reading in contents:
        version = versions[reading.id]
        prepared.documents.append(documents.build(reading, version, encoder.card, pictures, titles, seen=seen))
        keys = [documents.picture_key(reading, picture) for picture in reading.pictures]
        if refused := [pictures.refused[key] for key in keys if key in pictures.refused]:
            prepared.warnings[reading.id] = "\n".join(refused)
        if unread := [pictures.unread[key] for key in keys if key in pictures.unread]:
            prepared.incomplete[reading.id] = "\n".join(unread)
    return prepared


def read_objects(source: Source, ids: Iterable[str]) -> dict[str, Model]:
    """The objects of the source's queryset with these ids, by id, as the writing database has them now."""
    fits = [id for id in ids if _is_key(source.model, id)]
    return {str(obj.pk): obj for obj in _queryset(source).filter(pk__in=fits)}


def store(engine: Engine, collection: str, prepared: Prepared) -> UpsertReport:
    """Send documents and deletes to the engine. Raises the `OUTAGES`; any other failure becomes a rejection."""
    removed = engine.delete(collection, prepared.gone) if prepared.gone else UpsertReport()
    return _joined(removed, _upsert(engine, collection, prepared.documents))


def _upsert(engine: Engine, collection: str, found: Sequence[Document]) -> UpsertReport:
    if not found:
        return UpsertReport()
    try:
        return engine.upsert(collection, found)
    except OUTAGES:
        raise
    # Engines reject bad documents by themselves; this is for the one that nobody foresaw.
    except Exception as problem:
        if len(found) == 1:
            logger.exception("The engine failed on '%s' %s.", collection, found[0].id)
            return UpsertReport(rejected=(Rejected(found[0].id, f"{type(problem).__name__}: {problem}"),))
        first, second = _halves(found)
        return _joined(_upsert(engine, collection, first), _upsert(engine, collection, second))


def settle(entries: Sequence[IndexEntry], prepared: Prepared, report: UpsertReport) -> Outcome:
    """Record on each entry what became of it, unless it was changed or taken over meanwhile."""
    outbox = IndexEntry.objects.all()
    if report.rejected:
        first = report.rejected[0]
        logger.warning(
            "The engine refused %d documents of '%s', %s among them: %s",
            len(report.rejected),
            entries[0].collection,
            first.id,
            first.reason,
        )
    failures = prepared.failures | {item.id: item.reason for item in report.rejected}
    gone = {item.id for item in prepared.gone}
    plain: list[IndexEntry] = []
    removed: list[IndexEntry] = []
    for entry in entries:
        id = entry.object_id
        if id in failures:
            outbox.fail([entry], failures[id])
        elif id in gone:
            removed.append(entry)
        elif id in prepared.incomplete:
            outbox.settle_partly(entry, prepared.incomplete[id])
        elif id in prepared.warnings:
            outbox.settle([entry], deleted=False, warning=prepared.warnings[id])
        else:
            plain.append(entry)
    outbox.settle(plain, deleted=False)
    outbox.settle(removed, deleted=True)
    failed = sum(entry.object_id in failures for entry in entries)
    return Outcome(indexed=len(entries) - failed - len(removed), removed=len(removed), failed=failed)


# --- Rebuilding --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild did, and how good its index is. `problems` is empty when it may stay."""

    report: RebuildReport
    failures: Mapping[str, str]  # object id -> reason
    replayed: int  # objects that were changed meanwhile
    fitted: int  # pairs of picture and title that the encoder learned from
    recall: float | None  # None where there are no pictures
    problems: tuple[str, ...] = ()


def rebuild(collection: str, *, progress: Callable[[int], None] = lambda count: None) -> Rebuilt:
    """Fill a new index from the database beside the live one and swap it in; nothing saved meanwhile is lost.

    Raises the `OUTAGES`; then the live index stays as it is.
    """
    source = registry.source(collection)
    engine, encoder = wiring.engine(), wiring.encoder()
    encoder.canary()
    uses.note(space.fingerprint for space in encoder.card.spaces)
    stream = _Stream(source, encoder, progress)
    report = engine.rebuild(collection, wiring.schema(collection), stream)

    # A worker may have written to the old index a moment ago and not have settled its entry yet: it won't any more.
    outbox = IndexEntry.objects.all()
    outbox.requeue(collection)
    failures = stream.failures | {item.id: item.reason for item in report.rejected}
    outbox.settle_versions(collection, {id: version for id, version in stream.sent.items() if id not in failures})
    outbox.record_warnings(collection, stream.warnings)
    # They are tried once more, and what is wrong is recorded on their entries.
    outbox.note_alone(collection, failures)
    # What was saved after it had been streamed differs now from what the new index holds.
    drift = _repair(source, engine)
    index_pending(collection)

    fitted = 0
    if isinstance(encoder, Fitting) and stream.pairs:
        fitted = _fit(encoder, stream.pairs)
    problems = tuple(_what_lacks(engine, collection))
    recall = _recall(engine, collection, encoder, [vector for vector, _, _ in stream.pairs])
    if recall is not None and recall < RECALL_WANTED:
        problems += (f"The recall@{RECALL_DEPTH} sample is {recall:.2f}, but {RECALL_WANTED} is wanted.",)
    index_rebuilt.send(sender=source.model, collection=collection, report=report)
    return Rebuilt(
        report=report,
        failures=failures,
        replayed=stream.replayed + drift,
        fitted=fitted,
        recall=recall,
        problems=problems,
    )


def rollback(collection: str) -> tuple[str, Reconciled]:
    """Swap the index from before the last rebuild back in and bring it up to date; its name, and what had to be done.

    Raises IndexMissing where none is kept.
    """
    source = registry.source(collection)
    index = wiring.engine().rollback(collection)
    return index, _reconcile(source, True, lambda count: None)


class _Stream:
    """All documents of a collection, then those that changed while it was read. May be iterated once."""

    def __init__(self, source: Source, encoder: Encoder, progress: Callable[[int], None]) -> None:
        self.source, self.encoder, self.progress = source, encoder, progress
        self.sent: dict[str, int] = {}  # object id -> version
        self.failures: dict[str, str] = {}
        self.warnings: dict[str, str] = {}
        self.replayed = 0
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
        self.failures |= prepared.failures | prepared.incomplete
        self.warnings |= prepared.warnings
        self._learn_from(prepared.documents)
        yield from prepared.documents
        yield from prepared.gone

    def _changed(self) -> dict[str, int]:
        """Versions of objects that were saved after they had been sent, or that are new."""
        entries = IndexEntry.objects.filter(collection=self.source.collection)
        return {
            id: version
            for id, version, deleted in entries.values_list("object_id", "version", "deleted").iterator()
            if self.sent.get(id, None if deleted else -1) not in {None, version}
        }

    def _learn_from(self, found: Iterable[Document]) -> None:
        space = self.encoder.card.image.name
        for document in found:
            language, text = next(iter(document.texts.items()), ("", None))
            pictures = document.vectors.get(space)
            if pictures and text and text.title and len(self.pairs) < FITTING_PAIRS:
                self.pairs.append((pictures[0].vector, text.title, language))


def _fit(encoder: Fitting, pairs: Sequence[tuple[Vector, str, str]]) -> int:
    vectors, titles, languages = zip(*pairs, strict=True)
    encoder.fit(np.stack(vectors), titles, languages)
    return len(pairs)


def _what_lacks(engine: Engine, collection: str) -> Iterator[str]:
    """What is wrong with an index that was just filled, while saves go on: only entries that stay as they are count."""
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
    """Recall@10 of some pictures' neighbours against exact search, or against the picture itself where there is none."""
    if not vectors:
        return None
    space = encoder.card.image.name
    exact = Ability.EXACT_KNN in engine.abilities
    chosen = np.random.default_rng(0).permutation(len(vectors))[:RECALL_SAMPLE]
    found = wanted = 0
    for vector in (vectors[row] for row in chosen):
        leg = VectorLeg("quick", space, vector, RECALL_DEPTH, named=False)
        legs = (leg, replace(leg, name="exact", exact=True)) if exact else (leg,)
        answer = engine.search(collection, EngineQuery(legs))
        scores = [hit.score for hit in answer.leg("quick").hits]
        # Scores, not ids: of several equal pictures any may come back.
        truth = [hit.score for hit in answer.leg("exact").hits] if exact else [1.0]
        wanted += len(truth)
        found += sum(score >= truth[-1] - 0.002 for score in scores[: len(truth)])
    return found / wanted if wanted else None


# --- Reconciling -------------------------------------------------------------------------------


@dataclass(slots=True)
class Reconciled:
    """What a reconcile found and did for one collection."""

    missing: int = 0  # objects that had no entry
    vanished: int = 0  # entries whose object is gone
    drifted: int = 0  # entries whose version in the index was another one
    outcome: Outcome = field(default_factory=Outcome)


def reconcile(
    collection: str | None = None,
    *,
    retry_failed: bool = True,
    progress: Callable[[int], None] = lambda count: None,
) -> dict[str, Reconciled]:
    """Make index and database agree again, whatever happened; a second run finds nothing to do.

    `retry_failed` also takes what waits for its retry time or is claimed by a worker. If that worker is alive after
    all, both do the work, and nothing worse.
    """
    sources = [registry.source(collection)] if collection else list(registry.sources())
    return {source.collection: _reconcile(source, retry_failed, progress) for source in sources}


def _reconcile(source: Source, retry_failed: bool, progress: Callable[[int], None]) -> Reconciled:
    outbox = IndexEntry.objects.all()
    if retry_failed:
        outbox.requeue(source.collection)
        outbox.retry_now(source.collection)
    found = Reconciled(missing=_note_missing(source), vanished=_note_vanished(source))
    try:
        engine = wiring.engine()
        engine.ensure(source.collection, wiring.schema(source.collection))
        engine.refresh(source.collection)
        found.drifted = _repair(source, engine)
    except OUTAGES as problem:
        logger.warning("'%s' can't be reconciled now: %s", source.collection, problem)
        found.outcome.stopped = str(problem)
        return found
    found.outcome = index_pending(source.collection, progress=progress)
    return found


def _note_missing(source: Source) -> int:
    """Entries for objects that have none, or one that says "deleted"."""
    noted = 0
    for ids in pages_of_ids(source):
        known = IndexEntry.objects.filter(collection=source.collection, object_id__in=ids, deleted=False)
        missing = set(ids) - set(known.values_list("object_id", flat=True))
        noted += IndexEntry.objects.all().note_alone(source.collection, missing, leap=True)
    return noted


def _note_vanished(source: Source) -> int:
    """Make entries pending whose object is gone, or has left the source's queryset, without a signal."""
    noted = 0
    entries = IndexEntry.objects.filter(collection=source.collection, state=State.INDEXED, deleted=False)
    for ids in chunks(list(entries.values_list("object_id", flat=True))):
        fits = [id for id in ids if _is_key(source.model, id)]
        there = {str(pk) for pk in _queryset(source).filter(pk__in=fits).values_list("pk", flat=True)}
        noted += IndexEntry.objects.all().note_alone(source.collection, set(ids) - there, deleted=True, leap=True)
    return noted


def _repair(source: Source, engine: Engine) -> int:
    """Make entries pending whose document in the index isn't the one that they say; returns how many."""
    collection = source.collection
    held = {item.id: item.version for item in engine.versions(collection)}
    settled = IndexEntry.objects.filter(collection=collection, state=State.INDEXED)
    rows = list(settled.values_list("object_id", "indexed_version", "deleted"))
    drifted = {id for id, version, deleted in rows if held.get(id) != (None if deleted else version)}
    # A document that no entry knows of: an index that was filled from another database.
    known = set(IndexEntry.objects.filter(collection=collection).values_list("object_id", flat=True))
    noted: int = IndexEntry.objects.all().note_alone(collection, drifted | (set(held) - known), leap=True)
    return noted


# --- Reading a source --------------------------------------------------------------------------


def pages_of_ids(source: Source, size: int | None = None) -> Iterator[list[str]]:
    """Ids of all objects of the source, in pages by primary key: no long read holds the database."""
    queryset = _queryset(source).order_by("pk")
    last = None
    while True:
        page = queryset if last is None else queryset.filter(pk__gt=last)
        ids = list(page.values_list("pk", flat=True)[: size or conf.INDEX_BATCH])
        if not ids:
            return
        yield list(dict.fromkeys(map(str, ids)))
        last = ids[-1]


def _versions(collection: str, ids: Collection[str]) -> dict[str, int]:
    """The entries' versions; an object that has no entry gets one."""
    entries = IndexEntry.objects.filter(collection=collection, object_id__in=ids)
    versions = dict(entries.values_list("object_id", "version"))
    if missing := [id for id in ids if id not in versions]:
        IndexEntry.objects.all().note_alone(collection, missing, created=True)
        versions |= dict(entries.filter(object_id__in=missing).values_list("object_id", "version"))
    return versions


def _queryset(source: Source) -> QuerySet[Model]:
    # A replica may not have yet what was just committed.
    return source.queryset().using(router.db_for_write(source.model))


def _is_key(model: type[Model], id: str) -> bool:
    try:
        model._meta.pk.to_python(id)
    except ValidationError:
        return False
    return True


def _halves(items: Sequence[Item]) -> tuple[Sequence[Item], Sequence[Item]]:
    middle = len(items) // 2
    return items[:middle], items[middle:]


def _joined(first: UpsertReport, second: UpsertReport) -> UpsertReport:
    return UpsertReport(
        stored=first.stored + second.stored,
        skipped=first.skipped + second.skipped,
        rejected=first.rejected + second.rejected,
    )
