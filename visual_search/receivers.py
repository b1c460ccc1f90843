"""Notes what changed, in the transaction that changes it. A save never fails because search is down.

Nothing is read or encoded here but the way from a related row to its objects (`watching.py`): an entry in the outbox
says "object 7 changed", and after the commit a worker looks at the object as it is then. So it doesn't matter in which
order signals come, or whether one comes twice.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

from django.core.signals import request_started
from django.db import DatabaseError, connections, router, transaction
from django.db.models import Model
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete, pre_save

from visual_search import registry, tasks, watching
from visual_search.models import IndexEntry
from visual_search.signals import objects_changed
from visual_search.watching import Link, Relation, Trace

logger = logging.getLogger(__name__)

# How long a worker leaves an object alone whose save has begun but isn't finished (see `_before` and `_note`).
SAVE_PATIENCE = timedelta(seconds=10)

# What each sender's signals mean. A model that stands here for no source isn't listened to.
_links: dict[type[Model], list[Link]] = {}
_relations: dict[type[Model], list[Relation]] = {}


def connect() -> None:
    """Listen to the models of all registered sources. May be called again when a source was added."""
    _links.clear()
    _relations.clear()
    for source in registry.sources():
        for sender, link in watching.links(source):
            _links.setdefault(sender, []).append(link)
        for relation in watching.relations(source):
            _relations.setdefault(relation.through, []).append(relation)
    for sender in _links:
        for signal, receiver in (
            (pre_save, _before),
            (post_save, _saved),
            (pre_delete, _deleting),
            (post_delete, _deleted),
        ):
            _on(signal, receiver, sender)
    for through in _relations:
        _on(m2m_changed, _relation_changed, through)
    objects_changed.connect(_announced, dispatch_uid="visual_search.objects_changed")
    request_started.connect(tasks.look_for_leftovers, dispatch_uid="visual_search.look_for_leftovers")


def _on(signal: Any, receiver: Any, sender: type[Model]) -> None:
    signal.connect(receiver, sender=sender, dispatch_uid=("visual_search", receiver.__name__, sender._meta.label))


def _links_of(sender: type[Model]) -> Iterator[Link]:
    kinds = {type(source) for source in registry.sources()}
    return (link for link in _links.get(sender, ()) if link.source in kinds)


# --- Saves -------------------------------------------------------------------------------------


def _before(
    sender: type[Model], *, instance: Model, raw: bool, using: str, update_fields: Any = None, **kwargs: Any
) -> None:
    if not _may_be_stored(instance, raw):
        return
    traces: dict[str, Trace] = {}
    early: dict[str, set[Any]] = defaultdict(set)
    committed_at_once = not connections[using].in_atomic_block
    for link in _links_of(sender):
        # A picture that moves to another product changes both.
        trace = _looked_up(partial(link.before, instance, using, update_fields), using)
        if trace is not None:
            traces[link.name] = trace
        if committed_at_once:
            moved = _looked_up(partial(link.after, instance, using, trace, new=False), using)
            early[link.source.collection] |= moved or set()
    instance.__dict__["_visual_search_before"] = traces
    # Outside a transaction the object is committed before `post_save` can note it. A process that is killed between
    # the two would leave the index stale for ever, so the note is made first, but not yet due.
    for collection, ids in early.items():
        _note_here(collection, ids, not_before=SAVE_PATIENCE)


def _may_be_stored(instance: Model, raw: bool) -> bool:
    """Whether the database may have this row already. A fixture's row and one with a key of its own replace a stored one."""
    key = instance._meta.pk
    if not instance._state.adding or instance.pk is None:
        return not instance._state.adding
    return raw or not (key.has_default() or key.has_db_default())


def _saved(sender: type[Model], *, instance: Model, created: bool, using: str, **kwargs: Any) -> None:
    traces: dict[str, Trace] = instance.__dict__.pop("_visual_search_before", {})
    changed: dict[str, set[Any]] = defaultdict(set)
    for link in _links_of(sender):
        lookup = partial(link.after, instance, using, traces.get(link.name), new=created)
        changed[link.source.collection] |= _looked_up(lookup, using) or set()
    own = {link.source.collection for link in _links_of(sender) if link.is_object}
    for collection, ids in changed.items():
        _note(collection, ids, using, created=created and collection in own)


def _deleting(sender: type[Model], *, instance: Model, using: str, **kwargs: Any) -> None:
    # What belongs to whom is known before the delete only.
    for link in _links_of(sender):
        if not link.is_object:
            _note(link.source.collection, _looked_up(partial(link.now, instance, using), using) or set(), using)


def _deleted(sender: type[Model], *, instance: Model, using: str, **kwargs: Any) -> None:
    for link in _links_of(sender):
        if link.is_object:
            _note(link.source.collection, {link.key(instance)}, using, deleted=True)


# --- Many-to-many relations --------------------------------------------------------------------


def _relation_changed(
    sender: type[Model],
    *,
    instance: Model,
    action: str,
    reverse: bool,
    pk_set: set[Any] | None,
    using: str,
    **kwargs: Any,
) -> None:
    """Something was added to or removed from a many-to-many relation of the objects, or of a path to them."""
    kinds = {type(source) for source in registry.sources()}
    relations = [relation for relation in _relations.get(sender, ()) if relation.link.source in kinds]
    mine = not reverse  # The instance has the field, or is what the field points to.
    if action == "pre_clear":
        # Afterwards nobody knows any more what was cleared.
        others = [relation for relation in relations if (not mine) in relation.sides]
        cleared = _cleared(others[0], instance, mine, using) if others else set()
        instance.__dict__.setdefault("_visual_search_cleared", {})[sender._meta.label] = cleared
        return
    if action not in {"post_add", "post_remove", "post_clear"}:
        return
    given = pk_set or set()
    if action == "post_clear":
        given = instance.__dict__.get("_visual_search_cleared", {}).pop(sender._meta.label, set())
    for relation in relations:
        keys = {relation.link.key(instance)} if mine in relation.sides else set()
        if (not mine) in relation.sides:
            keys |= given
        ids = _looked_up(partial(relation.link.ids, keys, using), using) if keys else set()
        _note(relation.link.source.collection, ids or set(), using)


def _cleared(relation: Relation, instance: Model, mine: bool, using: str) -> set[Any]:
    """Keys that the relation's table holds beside this instance's."""
    ours, theirs = relation.columns()
    here, there = (ours, theirs) if mine else (theirs, ours)
    rows = relation.through._base_manager.using(using).filter(**{here: instance.pk})
    return set(rows.values_list(there, flat=True))


# --- Changes without signals -------------------------------------------------------------------


def _announced(
    *, sender: type[Model], ids: Iterable[Any], deleted: bool = False, using: str | None = None, **kwargs: Any
) -> None:
    """`objects_changed` was sent after `update()`, `bulk_create()` or raw SQL."""
    ids = list(ids)
    using = using or router.db_for_write(sender)
    for link in _links_of(sender):
        _note(link.source.collection, link.ids(ids, using), using, deleted=deleted and link.is_object)


# --- The note ----------------------------------------------------------------------------------


def _looked_up(lookup: Callable[[], Any], using: str) -> Any:
    """What the lookup gives; None where the database fails outside a transaction."""
    try:
        return lookup()
    except DatabaseError:
        # In a transaction an error must go up: the change and its note are committed together or not at all.
        if connections[using].in_atomic_block:
            raise
        logger.exception(
            "Couldn't look up which objects changed; `manage.py visual_search reconcile --deep` will find them."
        )
        return None


def _note(collection: str, object_ids: Collection[Any], using: str, **options: Any) -> None:
    """Note a change that was made in the database `using`."""
    if using != IndexEntry.objects.all().db and connections[using].in_atomic_block:
        # No transaction covers both databases. A note that is due at once would let a worker read what was there before
        # the commit; one that is only made afterwards would be lost with a process that is killed between the two.
        _note_here(collection, object_ids, **options, not_before=SAVE_PATIENCE)
        later = partial(_note_here, collection, object_ids, **options)
        transaction.on_commit(later, using=using, robust=True)
    else:
        _note_here(collection, object_ids, **options)


def _note_here(collection: str, object_ids: Collection[Any], **options: Any) -> None:
    if not object_ids:
        return
    entries = IndexEntry.objects.all()
    if connections[entries.db].in_atomic_block:
        # Here an error must go up: the change and its note are committed together or not at all.
        entries.note(collection, object_ids, **options)
    else:
        try:
            entries.note_alone(collection, object_ids, **options)
        except DatabaseError:
            # The object is saved already; failing now would tell the caller the opposite.
            logger.exception(
                "Couldn't note a change of %s %s; visual_search reconcile will find it.", collection, object_ids
            )
            return
    if "not_before" not in options:
        tasks.schedule(entries.db)
