"""Reads the shop's objects: by ids that hits or strangers name, as staff know them, and as the writing database has them now."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from django.core.exceptions import ValidationError
from django.db import router
from django.db.models import Model, QuerySet
from django.urls import NoReverseMatch, reverse

from visual_search import registry, wiring
from visual_search.conf import conf
from visual_search.registry import Source
from visual_search.types import CodeLeg, EngineQuery, IdsLeg

logger = logging.getLogger(__name__)


def objects_by_id(source: Source, ids: Sequence[str], *, among: QuerySet[Any] | None = None) -> dict[str, Any]:
    """Objects by id, in one query and in the order of `ids`; ids that can't be keys of this model are passed over.

    `among`: what they are read from, by default the source's `queryset()`.
    """
    keys = {str(value): value for value in keys_of(source, ids).values()}
    if not keys:
        return {}
    among = source.queryset() if among is None else among
    there = {str(obj.pk): obj for obj in among.filter(pk__in=keys.values())}
    return {id: there[id] for id in keys if id in there}


def known_ids(collection: str, ids: Iterable[str]) -> dict[str, str]:
    """Those of the ids that mean an object of the collection, and how hits write each ("017" may mean "17"); one query."""
    source = registry.source(collection)
    keys = {id: (value, str(value)) for id, value in keys_of(source, ids).items()}
    if not keys:
        return {}
    there = source.queryset().prefetch_related(None).filter(pk__in={value for value, _ in keys.values()})
    written = {str(key) for key in there.values_list("pk", flat=True)}
    return {id: name for id, (_, name) in keys.items() if name in written}


def called(source: Source, obj: Any) -> str:
    """What staff call an object: its title, else its article number; what Django calls it, where the source can't say."""
    try:
        card = source.card(obj)
    # The source is the shop's code, and staff may be looking for the very object that it can't describe.
    except Exception:
        return str(obj)
    return card.title or card.sku or str(obj)


def named(source: Source, ids: Sequence[str]) -> dict[str, str]:
    """Id -> what staff call the object, in the order of `ids`; without what is gone."""
    return {id: called(source, obj) for id, obj in objects_by_id(source, ids).items()}


def object_page(collection: str, object_id: str) -> str:
    """Where staff change the object: its pictures, texts and stock; "" where the admin doesn't have it."""
    models = (source.model._meta for source in registry.sources() if source.collection == collection)
    for model in models:
        with suppress(NoReverseMatch):
            return reverse(f"admin:{model.app_label}_{model.model_name}_change", args=[object_id])
    return ""


def id_of(collection: str, name: str) -> str:
    """The id of the object in the index that people call so: by its id, its article number or another code; "" for none.

    Raises as the engine does.
    """
    legs = (IdsLeg("id", (name,), 1), CodeLeg("code", (name,), 1))
    answer = wiring.engine().search(collection, EngineQuery(legs))
    return next((hit.id for leg in answer.legs for hit in leg.hits), "")


def keys_of(source: Source, ids: Iterable[str]) -> dict[str, Any]:
    """Each id as the caller wrote it, and the primary key that it means. Ids that can't be keys are left out."""
    key = source.model._meta.pk
    keys: dict[str, Any] = {}
    for id in ids:
        with suppress(ValidationError):
            value = key.to_python(id)
            # A database raises for numbers too large for its column, which the validators refuse, and for NUL characters.
            key.run_validators(value)
            if "\x00" not in id:
                keys[id] = value
    return keys


def family_of(source: Source, obj: Any) -> set[str]:
    """The ids of what is this object in another size or colour, as the source says."""
    try:
        return {str(key) for key in source.family(obj)}
    # The source is the shop's code. A list with two sizes of one thing is better than none.
    except Exception:
        logger.exception("%s.family() failed for %s %s.", type(source).__name__, source.model.__name__, obj.pk)
        return set()


def family_key_of(source: Source, obj: Any) -> str:
    """What the object shares with its sizes and colours; its own id where the source can't tell."""
    try:
        return str(source.family_key(obj)) or str(obj.pk)
    # As above: then it has a tile of its own.
    except Exception:
        logger.exception("%s.family_key() failed for %s %s.", type(source).__name__, source.model.__name__, obj.pk)
        return str(obj.pk)


# --- For indexing: from the database that is written to ------------------------------------------


def current(source: Source) -> QuerySet[Model]:
    """The source's objects as the writing database has them now."""
    # A replica may lag behind what was just committed.
    return source.queryset().using(router.db_for_write(source.model))


def read_objects(source: Source, ids: Iterable[str]) -> dict[str, Model]:
    """The objects of the source's queryset with these ids, by id, as the writing database has them now."""
    fits = [id for id in ids if is_key(source.model, id)]
    return {str(obj.pk): obj for obj in current(source).filter(pk__in=fits)}


def pages_of_ids(source: Source, size: int | None = None) -> Iterator[list[str]]:
    """Ids of all objects of the source, read in pages by primary key, so that no long read blocks the database."""
    queryset = current(source).order_by("pk")
    last = None
    while True:
        page = queryset if last is None else queryset.filter(pk__gt=last)
        ids = list(page.values_list("pk", flat=True)[: size or conf.INDEX_BATCH])
        if not ids:
            return
        yield list(dict.fromkeys(map(str, ids)))
        last = ids[-1]


def is_key(model: type[Model], id: str) -> bool:
    """Whether this text can be a primary key of the model."""
    try:
        model._meta.pk.to_python(id)
    except ValidationError:
        return False
    return True
