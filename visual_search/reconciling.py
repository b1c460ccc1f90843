"""Makes index and database agree again, whatever a crash, another database or a restored backup left behind."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model

from visual_search import registry, wiring
from visual_search.conf import conf
from visual_search.content import documents, live_index
from visual_search.content.objects import current, is_key, pages_of_ids, read_objects
from visual_search.engines.base import Engine
from visual_search.errors import SchemaMismatch
from visual_search.imaging.decode import content_hash
from visual_search.indexing import OUTAGES, Outcome, index_pending
from visual_search.models import IndexEntry, ShownPicture, State, chunks
from visual_search.registry import Source

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Reconciled:
    """What a reconcile found and did for one collection."""

    missing: int = 0  # objects that had no entry
    vanished: int = 0  # entries whose object is gone
    healed: int = 0  # entries with a warning, one of whose pictures came back
    drifted: int = 0  # entries whose version in the index was another one
    differing: int = 0  # objects whose content isn't what was indexed; counted by a deep one alone
    outcome: Outcome = field(default_factory=Outcome)


def reconcile(
    collection: str | None = None,
    *,
    retry_failed: bool = True,
    deep: bool = False,
    progress: Callable[[int], None] = lambda count: None,
) -> dict[str, Reconciled]:
    """Make index and database agree again, whatever happened; a second run finds nothing to do.

    With `retry_failed` it also takes entries that wait for their retry time or that a worker has claimed (if that worker
    is still alive, both do the same work, which does no harm), and looks whether pictures that weren't there came back.
    With `deep` it reads every object and finds also those that changed without a note.
    """
    sources = [registry.source(collection)] if collection else list(registry.sources())
    return {
        source.collection: reconcile_source(source, retry_failed=retry_failed, deep=deep, progress=progress)
        for source in sources
    }


def reconcile_source(
    source: Source,
    *,
    retry_failed: bool = True,
    deep: bool = False,
    progress: Callable[[int], None] = lambda count: None,
) -> Reconciled:
    """`reconcile` for the objects of one source."""
    outbox = IndexEntry.objects.all()
    if retry_failed:
        outbox.requeue(source.collection)
        outbox.retry_now(source.collection)
    done = Reconciled(missing=_note_missing(source), vanished=_note_vanished(source))
    if retry_failed:
        done.healed = _note_healed(source)
    if deep:
        done.differing = _note_differing(source)
    try:
        engine = wiring.engine()
        try:
            engine.ensure(source.collection, wiring.schema(source.collection))
        except SchemaMismatch:
            live_index.facets_lacking(source.collection)  # Raises it again where saves must wait.
        engine.refresh(source.collection)
        done.drifted = repair(source, engine)
    except OUTAGES as problem:
        logger.warning("'%s' can't be reconciled now: %s", source.collection, problem)
        done.outcome.stopped = str(problem)
        return done
    done.outcome = index_pending(source.collection, progress=progress)
    return done


def _note_missing(source: Source) -> int:
    """Make pending entries for objects that have no entry, or one that says "deleted"."""
    noted = 0
    for ids in pages_of_ids(source):
        known = IndexEntry.objects.filter(collection=source.collection, object_id__in=ids, deleted=False)
        missing = set(ids) - set(known.values_list("object_id", flat=True))
        noted += IndexEntry.objects.all().note_alone(source.collection, missing, leap=True)
    return noted


def _note_vanished(source: Source) -> int:
    """Make entries pending whose object left the database or the source's queryset without a signal."""
    noted = 0
    entries = IndexEntry.objects.filter(collection=source.collection, state=State.INDEXED, deleted=False)
    for ids in chunks(list(entries.values_list("object_id", flat=True))):
        fits = [id for id in ids if is_key(source.model, id)]
        there = {str(pk) for pk in current(source).filter(pk__in=fits).values_list("pk", flat=True)}
        noted += IndexEntry.objects.all().note_alone(source.collection, set(ids) - there, deleted=True, leap=True)
    return noted


def _note_differing(source: Source) -> int:
    """Make entries pending whose object says something else now than when it was indexed."""
    noted = 0
    entries = IndexEntry.objects.filter(collection=source.collection, state=State.INDEXED, deleted=False)
    for ids in pages_of_ids(source):
        # Read before the objects: a change that is noted meanwhile makes an entry pending at worst twice.
        known = dict(entries.filter(object_id__in=ids).values_list("object_id", "content_hash"))
        there = read_objects(source, known)
        differing = [id for id, obj in there.items() if _hash_now(source, obj) != known[id]]
        noted += IndexEntry.objects.all().note_alone(source.collection, differing)
    return noted


def _hash_now(source: Source, obj: Model) -> str | None:
    try:
        return documents.content_hash(documents.read(source, obj))
    except documents.SourceFailed:
        # Indexing records beside the object what is wrong with it.
        return None


def _note_healed(source: Source) -> int:
    """Make entries with a warning pending if one of their pictures can be loaded and isn't the one that was indexed."""
    entries = IndexEntry.objects.filter(collection=source.collection, state=State.INDEXED, deleted=False)
    noted = 0
    for ids in chunks(list(entries.exclude(warning="").values_list("object_id", flat=True)), conf.INDEX_BATCH):
        shown = ShownPicture.objects.all().hashes(source.collection, ids)
        healed = [id for id, obj in read_objects(source, ids).items() if _has_another_picture(source, id, obj, shown)]
        noted += IndexEntry.objects.all().note_alone(source.collection, healed)
    return noted


def _has_another_picture(source: Source, id: str, obj: Any, shown: Mapping[tuple[str, str], str]) -> bool:
    """Whether some picture has other content than was recorded, or any where none was."""
    with suppress(documents.SourceFailed):
        for picture in documents.read(source, obj).pictures:
            with suppress(Exception):  # A shop's storage may raise anything; then the picture hasn't come back.
                if content_hash(picture.load()) != shown.get((id, picture.id)):
                    return True
    return False


def repair(source: Source, engine: Engine) -> int:
    """Make entries pending whose document in the index has another version than they say. Returns how many."""
    collection = source.collection
    held = {item.id: item.version for item in engine.versions(collection)}
    settled = IndexEntry.objects.filter(collection=collection, state=State.INDEXED)
    rows = list(settled.values_list("object_id", "indexed_version", "deleted"))
    drifted = {id for id, version, deleted in rows if held.get(id) != (None if deleted else version)}
    # The index may hold documents without an entry, if it was filled from another database.
    known = set(IndexEntry.objects.filter(collection=collection).values_list("object_id", flat=True))
    noted: int = IndexEntry.objects.all().note_alone(collection, drifted | (set(held) - known), leap=True)
    return noted
