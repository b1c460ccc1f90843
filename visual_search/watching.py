"""How a changed row leads to the objects of a source: what `Source.watch` names, taken apart into links.

A path such as "variant__product" depends on more rows than those of the watched model: a variant that moves to another
product changes both products, too. So each model in the middle of a path is linked as well, for its moves alone, and so
is each table of a many-to-many relation on the path.
"""

from __future__ import annotations

import difflib
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import DatabaseError
from django.db.models import ForeignKey, ForeignObject, ForeignObjectRel, ManyToManyField, ManyToManyRel, Model

from visual_search.models import chunks
from visual_search.registry import Source

logger = logging.getLogger(__name__)


class WrongPath(Exception):
    """A path of `watch` leads nowhere; the message says which step and why, `hint` what to write."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


# --- Paths -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Step:
    """One relation of a path, from rows of `model` to rows of `to`."""

    model: type[Model]
    field: Any  # a field of `model`, or the reverse side of another model's field
    to: type[Model]

    @property
    def leaving(self) -> frozenset[str]:
        """Columns of `model` that say where this step leads from a row."""
        if isinstance(self.field, ForeignObjectRel) and _is_generic(self.field.field):
            return _generic_columns(self.field.field, self.model)
        if isinstance(self.field, ForeignObject) and not _is_generic(self.field):
            return frozenset(field.attname for field in self.field.local_related_fields)
        return frozenset()

    @property
    def arriving(self) -> frozenset[str]:
        """Columns of `to` that say from which row this step leads there."""
        if _is_generic(self.field):
            return _generic_columns(self.field, self.to)
        reverse = isinstance(self.field, ForeignObjectRel) and not isinstance(self.field, ManyToManyRel)
        if reverse and not _is_generic(self.field.field):
            return frozenset(field.attname for field in self.field.field.local_related_fields)
        return frozenset()

    @property
    def many_to_many(self) -> ManyToManyField[Any, Any] | None:
        field = self.field.field if isinstance(self.field, ManyToManyRel) else self.field
        return field if isinstance(field, ManyToManyField) else None


def _is_generic(field: Any) -> bool:
    # Django's class can't be imported where `contenttypes` isn't installed.
    return hasattr(field, "object_id_field_name")


def _generic_columns(field: Any, rows: type[Model]) -> frozenset[str]:
    names = (field.object_id_field_name, field.content_type_field_name)
    return frozenset(_column(rows, name) for name in names)


def _column(model: type[Model], name: str) -> str:
    field: Any = model._meta.get_field(name)
    return str(field.attname)


def _concrete(model: type[Model]) -> type[Model]:
    """The model that has the table: of a proxy its parent."""
    return model._meta.concrete_model or model


def _through(field: ManyToManyField[Any, Any]) -> type[Model]:
    table: Any = field.remote_field.through
    return table


def steps(model: type[Model], path: str) -> list[Step]:
    """The relations that this path names, one after another, beginning at `model`. Raises WrongPath."""
    taken: list[Step] = []
    for name in path.split("__"):
        try:
            field = model._meta.get_field(name)
        except FieldDoesNotExist:
            raise WrongPath(f"{model.__name__} has no such field: '{name}'.", _near(model, name)) from None
        to = field.related_model
        if not isinstance(to, type):
            hint = "A generic foreign key needs a function of the row. " if field.is_relation else ""
            raise WrongPath(f"{model.__name__}.{name} is no relation to one model.", hint + _near(model, name))
        taken.append(Step(model, field, to))
        model = to
    return taken


def _near(model: type[Model], name: str) -> str:
    names = sorted({field.name for field in model._meta.get_fields() if isinstance(field.related_model, type)})
    # `photo_set` is what the reverse side is called in Python; in a path it is `photo`.
    near = difflib.get_close_matches(name.removesuffix("_set"), names, n=3)
    hint = f"Did you mean {' or '.join(repr(item) for item in near)}? " if near else ""
    return f"{hint}Relations of {model.__name__}: {', '.join(names) or 'none'}."


def says(model: type[Model], path: str) -> bool:
    """Whether a column of the row itself holds the id that this path leads to."""
    if "__" in path:
        return False
    field = model._meta.get_field(path)
    return isinstance(field, ForeignKey) and field.target_field.primary_key


def same_rows(first: type[Model], second: type[Model]) -> bool:
    """Whether an object of one is also one of the other: a proxy, a parent or a child."""
    first, second = _concrete(first), _concrete(second)
    return issubclass(first, second) or issubclass(second, first)


def ways(source: Source) -> Iterator[tuple[Any, Any]]:
    """Each watched model with each path or function that `watch` gives for it, as they stand there."""
    for watched, value in source.watch.items() if isinstance(source.watch, Mapping) else ():
        for way in value if isinstance(value, list | tuple) else [value]:
            yield watched, way


# --- Links -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Trace:
    """Where a row led before it was saved."""

    columns: tuple[Any, ...]
    ids: frozenset[Any]


@dataclass(frozen=True, slots=True)
class Link:
    """How rows of `start` lead to a source's objects: by a path, by a function, or because they are the objects.

    Signals bring rows of `seen`: that is `start`, or a parent whose table holds a part of its rows.
    """

    source: type[Source]
    start: type[Model]
    seen: type[Model]
    path: str = ""
    find: Callable[[Any], Iterable[Any]] | None = None
    columns: tuple[str, ...] = ()  # of `start`: a row that changes one of them leads elsewhere
    only_moves: bool = False  # its other changes don't matter

    @property
    def name(self) -> str:
        """A name that no other link of one model has."""
        function = f"{self.find!r}" if self.find else ""
        return f"{self.source.collection} {self.start._meta.label} {self.seen._meta.label} {self.path}{function}"

    @property
    def is_object(self) -> bool:
        """Whether the row itself is the object."""
        return not self.path and self.find is None and self.start is self.seen

    def key(self, instance: Model) -> Any:
        """The row's primary key in `seen`. Rows of a child's fixture know it by the link to their parent alone."""
        key = getattr(instance, self.seen._meta.pk.attname, None)
        if key is None and (link := instance._meta.get_ancestor_link(_concrete(self.seen))):
            key = getattr(instance, link.attname)
        return instance.pk if key is None else key

    def ids(self, keys: Collection[Any], using: str) -> set[Any]:
        """Ids of the objects that rows of `seen` with these keys lead to, as the database says."""
        if self.is_object:
            return set(keys)
        rows = self.start._base_manager.using(using)
        ids: set[Any] = set()
        for some in chunks(keys):
            chosen = rows.filter(**{f"{self.seen._meta.pk.name}__in": some})
            if self.find is not None:
                ids = ids.union(*(self._found(instance) for instance in chosen))
            else:
                ids.update(chosen.values_list(self._goal, flat=True))
        return ids - {None}

    def before(self, instance: Model, using: str, update_fields: Collection[str] | None) -> Trace | None:
        """Where the stored row leads, if this save may change that. One query at most."""
        if self.find is not None:
            return Trace((), frozenset(self.ids([self.key(instance)], using)))
        if not self.columns or not self._may_move(update_fields):
            return None
        rows = self.start._base_manager.using(using).filter(**{self.seen._meta.pk.name: self.key(instance)})
        values = list(rows.values_list(*self.columns, self._goal))
        if not values:
            return None
        return Trace(tuple(values[0][:-1]), frozenset(row[-1] for row in values) - {None})

    def after(self, instance: Model, using: str, trace: Trace | None, *, new: bool) -> set[Any]:
        """Ids of the objects that this save changes. A query only where neither the row nor `trace` says them."""
        if self.only_moves and trace is None and not new:
            return set()
        if trace is not None and self.find is None and trace.columns == self._values(instance):
            return set() if self.only_moves else set(trace.ids)
        return self.now(instance, using, new=new) | (trace.ids if trace else frozenset())

    def now(self, instance: Model, using: str, *, new: bool = False) -> set[Any]:
        """Ids of the objects that this row leads to."""
        key = self.key(instance)
        if self.is_object:
            return {key}
        if self.start is not self.seen:
            # A new row of the parent has no child yet.
            return set() if new else self.ids([key], using)
        if self.find is not None:
            return self._found(instance)
        if self.path:
            first = steps(self.start, self.path)[0]
            leaving = {getattr(instance, name) for name in first.leaving}
            if leaving == {None} or (new and not leaving):
                # It leads nowhere, or other rows would have to point to this one, which is new.
                return set()
            if says(self.start, self.path) and not any(hasattr(value, "resolve_expression") for value in leaving):
                return leaving
        return self.ids([key], using)

    @property
    def _goal(self) -> str:
        return f"{self.path}__pk" if self.path else "pk"

    def _may_move(self, update_fields: Collection[str] | None) -> bool:
        if update_fields is None:
            return True
        fields = [field for field in self.start._meta.concrete_fields if field.attname in self.columns]
        return any(field.name in update_fields or field.attname in update_fields for field in fields)

    def _values(self, instance: Model) -> tuple[Any, ...]:
        return tuple(instance.__dict__.get(name) for name in self.columns)

    def _found(self, instance: Model) -> set[Any]:
        if self.find is None:
            return set()
        try:
            named = self.find(instance) or ()
            return {item.pk if isinstance(item, Model) else item for item in named} - {None}
        except DatabaseError:
            raise
        # The shop's code: its mistake mustn't undo a save.
        except Exception:
            logger.exception(
                "%s.watch has a function that failed for %s %s; `manage.py visual_search reconcile --deep` will find the change.",
                self.source.__qualname__,
                instance._meta.label,
                instance.pk,
            )
            return set()


@dataclass(frozen=True, slots=True)
class Relation:
    """A many-to-many relation whose pairs change objects: `link` leads to them from one side of its table."""

    field: ManyToManyField[Any, Any]
    link: Link
    sides: frozenset[bool]  # where the rows stand that `link` begins with: True = at the model that has the field

    @property
    def through(self) -> type[Model]:
        return _through(self.field)

    def columns(self) -> tuple[str, str]:
        """Of its table: the one that points to the model that has the field, and the one that points to the other."""
        names = (self.field.m2m_field_name(), self.field.m2m_reverse_field_name())
        return _column(self.through, names[0]), _column(self.through, names[1])


def links(source: Source) -> Iterator[tuple[type[Model], Link]]:
    """Which senders to listen to, with their links: subclasses, proxies and parents included.

    Wrong entries of `watch` are left to the checks.
    """
    named: dict[tuple[type[Model], str], Link] = {}
    implied: list[Link] = []
    functions: list[Link] = []
    kind = type(source)
    for watched, way in ways(source):
        if not _is_model(watched):
            continue
        if callable(way):
            functions.append(Link(kind, watched, watched, find=way))
            continue
        if not (taken := _steps_to(source, watched, way)):
            continue
        named[watched, way] = Link(kind, watched, watched, way, columns=tuple(sorted(taken[0].leaving)))
        implied += [*_in_the_middle(kind, taken), *_of_tables(kind, taken)]
    for field in source.model._meta.many_to_many:
        table = _through(field)
        if not table._meta.auto_created:
            own = field.m2m_field_name()
            implied.append(Link(kind, table, table, own, columns=(_column(table, own),)))
    # A model that is watched by the same path anyway isn't linked twice.
    for link in implied:
        named.setdefault((link.start, link.path), link)
    for link in [Link(kind, source.model, source.model), *named.values(), *functions]:
        yield from _senders(link)


def steps_of(source: Source) -> list[Step]:
    """The relations of all paths of `watch` that lead to the objects."""
    named = [(watched, way) for watched, way in ways(source) if _is_model(watched) and not callable(way)]
    return [step for watched, way in named for step in _steps_to(source, watched, way)]


def models_of(source: Source) -> list[type[Model]]:
    """The source's model and all models on the ways to it, each once."""
    watched = [model for model, _ in ways(source) if _is_model(model)]
    return list(dict.fromkeys([source.model, *watched, *(step.to for step in steps_of(source))]))


def relations(source: Source) -> Iterator[Relation]:
    """The many-to-many relations of the source's model, and those that the paths of `watch` go along."""
    kind = type(source)
    for field in source.model._meta.many_to_many:
        both = same_rows(field.model, field.related_model)
        link = _tail(kind, source.model, field.model, "")
        yield Relation(field, link, frozenset({True, False} if both else {True}))
    for watched, way in ways(source):
        if not _is_model(watched):
            continue
        taken = [] if callable(way) else _steps_to(source, watched, way)
        for position, step in enumerate(taken):
            if step.many_to_many:
                symmetrical = getattr(step.many_to_many.remote_field, "symmetrical", False)
                sides = {True, False} if symmetrical else {isinstance(step.field, ManyToManyRel)}
                rest = "__".join(item.field.name for item in taken[position + 1 :])
                yield Relation(step.many_to_many, _tail(kind, source.model, step.to, rest), frozenset(sides))
        # A watched model's relation with the objects counts also where no path names it.
        for field in watched._meta.many_to_many:
            if same_rows(field.related_model, source.model):
                link = _tail(kind, source.model, field.related_model, "")
                yield Relation(field, link, frozenset({False}))


def _is_model(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, Model)


def _steps_to(source: Source, watched: type[Model], way: Any) -> list[Step]:
    try:
        taken = steps(watched, way) if isinstance(way, str) else []
    except WrongPath:
        return []
    return taken if taken and same_rows(taken[-1].to, source.model) else []


def _in_the_middle(source: type[Source], taken: list[Step]) -> Iterator[Link]:
    """Links of the models between the watched one and the objects: they matter where they move."""
    for position in range(1, len(taken)):
        came, goes = taken[position - 1], taken[position]
        rest = "__".join(step.field.name for step in taken[position:])
        columns = tuple(sorted(came.arriving | goes.leaving))
        yield Link(source, came.to, came.to, rest, columns=columns, only_moves=True)


def _of_tables(source: type[Source], taken: list[Step]) -> Iterator[Link]:
    """Links of many-to-many relations' own models, whose rows may be saved without the relation."""
    for position, step in enumerate(taken):
        field = step.many_to_many
        if field is None or _through(field)._meta.auto_created:
            continue
        table = _through(field)
        ends = (field.m2m_field_name(), field.m2m_reverse_field_name())
        to = ends[0] if isinstance(step.field, ManyToManyRel) else ends[1]
        path = "__".join([to, *(item.field.name for item in taken[position + 1 :])])
        columns = tuple(sorted(_column(table, name) for name in ends))
        yield Link(source, table, table, path, columns=columns)


def _tail(source: type[Source], target: type[Model], model: type[Model], rest: str) -> Link:
    """The link from rows of `model`, which a path has reached, along its `rest` to the objects."""
    if rest:
        return Link(source, model, model, rest)
    parent = issubclass(_concrete(target), _concrete(model)) and _concrete(target) is not _concrete(model)
    return Link(source, target, model if parent else target)


def _senders(link: Link) -> Iterator[tuple[type[Model], Link]]:
    """The classes whose signals speak of this link's rows.

    Django sends the class that was saved: a proxy or a child isn't its parent, and a parent's row isn't the child's.
    """
    concrete = _concrete(link.start)
    models = apps.get_models(include_auto_created=True)
    for model in models:
        if issubclass(model, concrete):
            yield model, link
    for parent in concrete._meta.get_parent_list():
        part = Link(link.source, link.start, parent, link.path, link.find, link.columns, link.only_moves)
        for model in models:
            if issubclass(model, parent) and not issubclass(model, concrete):
                yield model, part
