"""Fills a new index beside the live one and swaps it in. No search fails meanwhile, and no save is lost."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from visual_search import registry, wiring
from visual_search.conf import conf
from visual_search.content import uses
from visual_search.content.objects import pages_of_ids
from visual_search.encoders.base import Encoder, Fitting
from visual_search.engines.base import Ability, Engine
from visual_search.engines.recall import RECALL_DEPTH, RECALL_LEAST, SAMPLE, recall_of
from visual_search.indexing import index_pending, prepare
from visual_search.models import IndexEntry, State, chunks
from visual_search.reconciling import Reconciled, reconcile_source, repair
from visual_search.registry import Source
from visual_search.signals import index_rebuilt
from visual_search.types import Document, EngineQuery, RebuildReport, Vector, VectorLeg, VersionedId

REPLAYS = 5  # passes over what was saved during a rebuild; each is much shorter than the one before
FITTING_PAIRS = 20_000  # pictures with titles that an encoder learns from: 40 MB at 512 dimensions
# How far below 1 the cosine of a picture with itself may lie: its kept vector is rounded to half precision, which moves a
# cosine by less than .001, and so is what the index keeps of it.
ITSELF = 0.002


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild did, and how good the new index is. `problems` is empty if all is well."""

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

    # A worker may have just written to the old index without settling its entry. Requeued, it can't settle it any more.
    outbox = IndexEntry.objects.all()
    outbox.requeue(collection)
    failures = stream.failures | {item.id: item.reason for item in report.rejected}
    outbox.settle_versions(collection, {id: version for id, version in stream.sent.items() if id not in failures})
    outbox.record_hashes(collection, {id: item for id, item in stream.hashes.items() if id not in failures})
    outbox.record_warnings(collection, stream.warnings)
    # These objects are tried once more, and their entries record what is wrong.
    outbox.note_alone(collection, failures)
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
        failures=failures,
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


class _Stream:
    """All documents of a collection, then those of objects that were saved meanwhile. It can be iterated once."""

    def __init__(self, source: Source, encoder: Encoder, progress: Callable[[int], None]) -> None:
        self.source, self.encoder, self.progress = source, encoder, progress
        self.sent: dict[str, int] = {}  # object id -> version
        self.failures: dict[str, str] = {}
        self.warnings: dict[str, str] = {}
        self.hashes: dict[str, tuple[int, str]] = {}  # object id -> version and hash of the content that was sent
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
        self.hashes |= {id: (versions[id], content) for id, content in prepared.hashes.items()}
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
    answers = [ask(EngineQuery((VectorLeg("quick", space, vector, 1, named=False),))) for vector in chosen]
    return sum(any(hit.score >= 1 - ITSELF for hit in answer.legs[0].hits) for answer in answers) / len(chosen)


def _versions(collection: str, ids: Collection[str]) -> dict[str, int]:
    """The entries' versions; an object that has no entry gets one."""
    entries = IndexEntry.objects.filter(collection=collection, object_id__in=ids)
    versions = dict(entries.values_list("object_id", "version"))
    if missing := [id for id in ids if id not in versions]:
        IndexEntry.objects.all().note_alone(collection, missing, created=True)
        versions |= dict(entries.filter(object_id__in=missing).values_list("object_id", "version"))
    return versions
