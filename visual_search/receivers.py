"""Notes what changed, in the transaction that changes it. A save never fails because search is down.

Nothing is read or encoded here: an entry in the outbox says "object 7 changed", and after the commit a worker looks at
the object as it is then. So it doesn't matter in which order signals come, or whether one comes twice.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.core.signals import request_started
from django.db import DatabaseError, connections
from django.db.models import ForeignKey, Model
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete, pre_save

from visual_search import registry, tasks
from visual_search.models import IndexEntry
from visual_search.registry import Source
from visual_search.signals import objects_changed

logger = logging.getLogger(__name__)

# How long a worker leaves an object alone whose save has begun but isn't finished (see `_before`).
SAVE_PATIENCE = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Link:
    """How changes of `sender` lead to objects of a collection. `relation` is empty for the collection's own model."""

    collection: str
    sender: type[Model]
    relation: str = ""

    @property
    def foreign_key(self) -> ForeignKey[Any, Any] | None:
        """The field of `sender` whose column holds the object's id; None where a query must find the objects."""
        if not self.relation:
            return None
        field = self.sender._meta.get_field(self.relation)
        return field if isinstance(field, ForeignKey) and field.target_field.primary_key else None

    def object_ids(self, instance: Model, using: str) -> set[Any]:
        """Ids of the objects that this instance belongs to, as the instance says."""
        if not self.relation:
            return {instance.pk}
        if self.foreign_key is not None:
            return {getattr(instance, self.foreign_key.attname)} - {None}
        return self.stored_object_ids([instance.pk], using)

    def stored_object_ids(self, ids: Collection[Any], using: str | None) -> set[Any]:
        """Ids of the objects that instances with these ids belong to, as the database says."""
        if not self.relation:
            return set(ids)
        rows = self.sender._base_manager.using(using).filter(pk__in=ids)
        return set(rows.values_list(f"{self.relation}__pk", flat=True)) - {None}


def connect() -> None:
    """Listen to the models of all registered sources. May be called again when a source was added."""
    for source in registry.sources():
        for link in links(source):
            _connect(link)
        for field in source.model._meta.many_to_many:
            _on(m2m_changed, _relation_changed, field.remote_field.through, source.collection, "")
        for watched in source.watch:
            for field in watched._meta.many_to_many:
                if issubclass(source.model, field.related_model):
                    _on(m2m_changed, _relation_changed, field.remote_field.through, source.collection, "")
    objects_changed.connect(_announced, dispatch_uid="visual_search.objects_changed")
    request_started.connect(tasks.look_for_leftovers, dispatch_uid="visual_search.look_for_leftovers")


def links(source: Source) -> list[Link]:
    """Which models to listen to, subclasses and proxies included. Wrong entries of `watch` are left to the checks."""
    links = [Link(source.collection, model) for model in _kinds_of(source.model)]
    for watched, relation in source.watch.items():
        try:
            watched._meta.get_field(relation)
        except FieldDoesNotExist:
            continue
        links += [Link(source.collection, model, relation) for model in _kinds_of(watched)]
    return links


def _kinds_of(model: type[Model]) -> Iterable[type[Model]]:
    # Django sends the class that was saved as the sender: a proxy or a child model isn't its parent.
    return (kind for kind in apps.get_models(include_auto_created=True) if issubclass(kind, model))


def _connect(link: Link) -> None:
    _on(pre_save, _before, link.sender, link)
    _on(post_save, _saved, link.sender, link)
    # What belongs to whom is known before the delete only; an object's own id is known after it, too.
    _on(pre_delete if link.relation else post_delete, _deleted, link.sender, link)


def _on(signal: Any, receiver: Any, sender: Any, *arguments: Any) -> None:
    uid = ("visual_search", receiver.__name__, sender._meta.label, *map(str, arguments))
    signal.connect(partial(receiver, *arguments), sender=sender, weak=False, dispatch_uid=uid)


def _before(link: Link, *, instance: Model, raw: bool, using: str, update_fields: Any = None, **kwargs: Any) -> None:
    if raw or instance._state.adding or not _registered(link.collection):
        return
    before: set[Any] = set()
    if link.foreign_key is not None and (update_fields is None or link.relation in update_fields):
        # A picture that moves to another product changes both.
        before = link.stored_object_ids([instance.pk], using)
    instance.__dict__.setdefault("_visual_search_before", {})[link.collection, link.relation] = before
    if not connections[using].in_atomic_block:
        # Outside a transaction the object is committed before `post_save` can note it. A process that is killed
        # between the two would leave the index stale for ever, so the note is made first, but not yet due.
        _note(link.collection, before | link.object_ids(instance, using), not_before=SAVE_PATIENCE)


def _saved(link: Link, *, instance: Model, created: bool, raw: bool, using: str, **kwargs: Any) -> None:
    if raw or not _registered(link.collection):
        return
    before = instance.__dict__.get("_visual_search_before", {}).pop((link.collection, link.relation), set())
    _note(link.collection, before | link.object_ids(instance, using), created=created and not link.relation)


def _deleted(link: Link, *, instance: Model, using: str, **kwargs: Any) -> None:
    if _registered(link.collection):
        _note(link.collection, link.object_ids(instance, using), deleted=not link.relation)


def _relation_changed(
    collection: str,
    _: str,
    *,
    sender: type[Model],
    instance: Model,
    action: str,
    model: type[Model],
    pk_set: set[Any] | None,
    using: str,
    **kwargs: Any,
) -> None:
    """Something was added to or removed from a many-to-many relation of the objects."""
    if not _registered(collection) or action not in {"post_add", "post_remove", "pre_clear", "post_clear"}:
        return
    ours = registry.source(collection).model
    ids: set[Any] = {instance.pk} if isinstance(instance, ours) else set()
    if issubclass(model, ours):
        ids |= pk_set or set()
        if action == "pre_clear":
            ids |= _cleared(sender, instance, model, using)
    _note(collection, ids)


def _cleared(through: type[Model], instance: Model, model: type[Model], using: str) -> set[Any]:
    """Ids of `model` that the relation's table links to `instance` before it is cleared."""
    keys = [field for field in through._meta.fields if isinstance(field, ForeignKey)]
    ids: set[Any] = set()
    for mine in (key for key in keys if isinstance(instance, key.related_model)):
        for theirs in (key for key in keys if key is not mine and issubclass(model, key.related_model)):
            rows = through._base_manager.using(using).filter(**{mine.attname: instance.pk})
            ids |= set(rows.values_list(theirs.attname, flat=True))
    return ids


def _announced(
    *, sender: type[Model], ids: Iterable[Any], deleted: bool = False, using: str | None = None, **kwargs: Any
) -> None:
    """`objects_changed` was sent after `update()`, `bulk_create()` or raw SQL."""
    ids = list(ids)
    for source in registry.sources():
        for link in links(source):
            if link.sender is sender:
                object_ids = ids if not link.relation else link.stored_object_ids(ids, using)
                _note(source.collection, object_ids, deleted=deleted and not link.relation)


def _registered(collection: str) -> bool:
    return any(source.collection == collection for source in registry.sources())


def _note(collection: str, object_ids: Collection[Any], **options: Any) -> None:
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
