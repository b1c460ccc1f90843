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
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import TypeVar

from django.utils import timezone

from visual_search import registry, wiring
from visual_search.conf import conf
from visual_search.content import documents, lexicon, live_index, objects, phrases, readings, uses, vectors
from visual_search.encoders.base import Encoder
from visual_search.engines.base import Engine
from visual_search.errors import (
    ConfigurationError,
    EncoderUnavailable,
    EngineUnavailable,
    SchemaMismatch,
)
from visual_search.models import IndexEntry
from visual_search.registry import Source
from visual_search.types import (
    Document,
    Rejected,
    UpsertReport,
    VersionedId,
)

logger = logging.getLogger(__name__)
Item = TypeVar("Item")

# These errors aren't the objects' fault. The entries wait until somebody mends the cause.
OUTAGES = (EngineUnavailable, EncoderUnavailable, SchemaMismatch, ConfigurationError)


@dataclass(slots=True)
class Outcome:
    """Counts of what was indexed. `stopped` says why indexing ended early; then the entries wait in the outbox."""

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
    """Index all entries that are due, batch by batch. Failures are recorded on the entries, not raised.

    An entry that fails waits for the next run, however short its retry time is. So each is tried once, and this ends.
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
    """Read, encode and store the objects of these claimed entries of one collection, and settle the entries."""
    try:
        source = registry.source(collection)
        engine, encoder = wiring.engine(), wiring.encoder()
        # First, because it is cheap: if the engine is away or the index has another schema, encoding would be wasted.
        lacking = live_index.ensure_for_saves(collection)
        uses.note(space.fingerprint for space in encoder.card.spaces)
        prepared = prepare(source, encoder, {entry.object_id: entry.version for entry in entries})
        _leave_out(prepared, lacking)
        readings.record(collection, prepared.shown)
        report = store(engine, collection, prepared)
        lexicon.note(collection, prepared.documents, wiring.schema(collection))
        phrases.note(collection, prepared.documents, wiring.schema(collection))
    except OUTAGES as problem:
        logger.warning("%d entries of '%s' wait: %s", len(entries), collection, problem)
        IndexEntry.objects.all().fail(entries, str(problem))
        # A wrong schema or setting stops this collection only; the others go on.
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
    warnings: dict[str, str] = field(default_factory=dict)  # indexed without a part that will stay missing
    incomplete: dict[str, str] = field(default_factory=dict)  # indexed without a part that should be tried again
    hashes: dict[str, str] = field(default_factory=dict)  # of the documents' content, by object id
    shown: dict[str, dict[str, str]] = field(default_factory=dict)  # object id -> picture id -> content hash

    def __iadd__(self, other: Prepared) -> Prepared:
        self.documents += other.documents
        self.gone += other.gone
        self.failures |= other.failures
        self.warnings |= other.warnings
        self.incomplete |= other.incomplete
        self.hashes |= other.hashes
        self.shown |= other.shown
        return self


def prepare(source: Source, encoder: Encoder, versions: Mapping[str, int]) -> Prepared:
    """Read these objects fresh and make their documents; `versions` were read before, so content is never older.

    An object that `source.queryset()` doesn't return counts as gone. An object that fails doesn't stop the others.
    Raises the `OUTAGES`.
    """
    try:
        return _prepare(source, encoder, versions)
    except OUTAGES:
        raise
    # Some object of the batch made the database, the source's queryset or our code fail. Halving the batch finds it.
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
    there = objects.read_objects(source, versions)
    prepared.gone = [VersionedId(id, version) for id, version in versions.items() if id not in there]

    contents = []
    for id, obj in there.items():
        try:
            contents.append(documents.read(source, obj))
        except documents.SourceFailed as problem:
            logger.warning("%s", problem)
            prepared.failures[id] = str(problem)

    pictures = vectors.of_pictures(
        encoder,
        {documents.picture_key(content, picture): picture for content in contents for picture in content.pictures},
    )
    titles = vectors.of_titles(encoder, {title for content in contents for title in content.titles})
    prepared.shown = readings.shown(contents, pictures.hashes)
    seen = readings.texts(pictures.hashes.values())

    for content in contents:
        version = versions[content.id]
        prepared.hashes[content.id] = documents.content_hash(content)
        prepared.documents.append(documents.build(content, version, encoder.card, pictures, titles, seen=seen))
        keys = [documents.picture_key(content, picture) for picture in content.pictures]
        if refused := [pictures.refused[key] for key in keys if key in pictures.refused]:
            prepared.warnings[content.id] = "\n".join(refused)
        unread = [pictures.unread[key] for key in keys if key in pictures.unread]
        if content.problem or unread:
            prepared.incomplete[content.id] = "\n".join(filter(None, (content.problem, *unread)))
    return prepared


def _leave_out(prepared: Prepared, lacking: Set[str]) -> None:
    """Take values of facets that the live index lacks out of the documents, which are then incomplete.

    An incomplete document is never its entry's last version. So nothing is lost if the index that has these facets is
    swapped in at this moment, or was already in another process: the whole document follows.
    """
    for place, document in enumerate(prepared.documents):
        if without := sorted(lacking & document.facets.keys()):
            kept = {name: value for name, value in document.facets.items() if name not in lacking}
            prepared.documents[place] = replace(document, facets=kept)
            prepared.incomplete.setdefault(
                document.id,
                f"It is found, but without {', '.join(without)}, which the live index lacks. "
                "Run `manage.py visual_search rebuild`.",
            )


def store(engine: Engine, collection: str, prepared: Prepared) -> UpsertReport:
    """Send documents and deletes to the engine. Raises the `OUTAGES`; any other failure becomes a rejection."""
    removed = engine.delete(collection, prepared.gone) if prepared.gone else UpsertReport()
    return _joined(removed, _upsert(engine, collection, prepared.documents))


def _upsert(engine: Engine, collection: str, batch: Sequence[Document]) -> UpsertReport:
    if not batch:
        return UpsertReport()
    try:
        return engine.upsert(collection, batch)
    except OUTAGES:
        raise
    # Engines reject bad documents themselves. This catches a document for which an engine raises instead.
    except Exception as problem:
        if len(batch) == 1:
            logger.exception("The engine failed on '%s' %s.", collection, batch[0].id)
            return UpsertReport(rejected=(Rejected(batch[0].id, f"{type(problem).__name__}: {problem}"),))
        first, second = _halves(batch)
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
            outbox.settle_partly(entry, prepared.incomplete[id], content_hash=prepared.hashes[id])
        elif id in prepared.warnings:
            outbox.settle([entry], deleted=False, warning=prepared.warnings[id], hashes=prepared.hashes)
        else:
            plain.append(entry)
    outbox.settle(plain, deleted=False, hashes=prepared.hashes)
    outbox.settle(removed, deleted=True)
    failed = sum(entry.object_id in failures for entry in entries)
    return Outcome(indexed=len(entries) - failed - len(removed), removed=len(removed), failed=failed)


def _halves(items: Sequence[Item]) -> tuple[Sequence[Item], Sequence[Item]]:
    middle = len(items) // 2
    return items[:middle], items[middle:]


def _joined(first: UpsertReport, second: UpsertReport) -> UpsertReport:
    return UpsertReport(
        stored=first.stored + second.stored,
        skipped=first.skipped + second.skipped,
        rejected=first.rejected + second.rejected,
    )
