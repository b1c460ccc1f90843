"""Reads what a request asks for into `Asked`. Raises BadInput, in the caller's words, for anything that isn't as documented."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import QueryDict

from visual_search import wiring
from visual_search.errors import BadInput, said
from visual_search.features.recommendations.slots import (
    LIMIT,
    MOST_ITEMS,
    MOST_PRODUCTS,
    MOST_SLOTS,
    Asked,
    Slot,
    SlotKind,
)
from visual_search.querying import parsing
from visual_search.types import CollectionSchema

LONGEST_NAME = 40  # characters
LONGEST_ID = 200
RELATED = ("kind", "limit", "lang")
RELATED_KINDS = (SlotKind.TOGETHER, SlotKind.GOES_WITH, SlotKind.SIMILAR, SlotKind.SERIES)
OFFERED = ("collection", "lang", "slots", "without", "taste")
OF_A_SLOT = ("name", "kind", "products", "filters", "limit")


def related(given: QueryDict, collection: str, id: str) -> Asked:
    """One slot of what is related to one product."""
    parsing.refuse_unknown(given, RELATED)
    kind = _kind(given.get("kind") or SlotKind.SIMILAR, "kind", RELATED_KINDS)
    slot = Slot(kind.value, kind, _there((id,)), limit=_limit(given.get("limit"), "limit"))
    return Asked(
        parsing.collection(collection), (slot,), parsing.language(parsing.text(given.get("lang"), field="lang"))
    )


def offered(given: object) -> tuple[Asked, str]:
    """The slots of a page, and what is wrong with the memory that came with them ("" for nothing): then it is passed over."""
    if not isinstance(given, Mapping):
        raise BadInput(said('The body must be an object, such as {"slots": [{"kind": "trending"}]}.'), field="body")
    parsing.refuse_unknown(given, OFFERED)
    collection = parsing.collection(parsing.text(given.get("collection"), field="collection"))
    schema = wiring.schema(collection).told
    slots = given.get("slots")
    if not isinstance(slots, list) or not 1 <= len(slots) <= MOST_SLOTS:
        raise BadInput(
            said('slots must be a list of 1 to %(most)s objects such as {"kind": "trending"}.', most=MOST_SLOTS),
            field="slots",
        )
    taste = parsing.taste(given.get("taste"))
    asked = Asked(
        collection=collection,
        slots=tuple(_slot(one, f"slots.{number}", schema) for number, one in enumerate(slots)),
        language=parsing.language(parsing.text(given.get("lang"), field="lang")),
        without=_ids(given.get("without"), "without"),
        taste=taste.events,
    )
    return asked, taste.problem


def _slot(given: object, where: str, schema: CollectionSchema) -> Slot:
    if not isinstance(given, Mapping):
        raise BadInput(
            said("%(where)s is %(value)s; it must be an object.", where=where, value=repr(given)[:60]), field=where
        )
    try:
        parsing.refuse_unknown(given, OF_A_SLOT)
        kind = _kind(given.get("kind"), "kind", tuple(SlotKind))
        return Slot(
            name=_name(given.get("name")) or kind.value,
            kind=kind,
            products=_ids(given.get("products"), "products"),
            filters=parsing.filters(given.get("filters"), schema),
            limit=_limit_in_json(given.get("limit")),
        )
    except BadInput as error:
        error.field = f"{where}.{error.field}"
        raise


def _kind(given: object, field: str, known: tuple[SlotKind, ...]) -> SlotKind:
    if given not in [kind.value for kind in known]:
        raise BadInput(
            said(
                "%(field)s is %(value)s; it must be one of: %(known)s.",
                field=field,
                value=repr(given)[:60],
                known=", ".join(known),
            ),
            field=field,
        )
    return SlotKind(str(given))


def _limit(given: object, field: str) -> int:
    limit = parsing.whole_number(given, field=field, default=LIMIT)
    if not 1 <= limit <= MOST_ITEMS:
        raise BadInput(
            said("%(field)s is %(value)s; 1 to %(most)s are allowed.", field=field, value=limit, most=MOST_ITEMS),
            field=field,
        )
    return limit


def _limit_in_json(given: object) -> int:
    if isinstance(given, str | bool):
        raise BadInput(
            said("%(where)s is %(value)s; it must be a number.", where="limit", value=repr(given)[:60]), field="limit"
        )
    return _limit(given, "limit")


def _ids(given: object, field: str) -> tuple[str, ...]:
    """Ids as texts or whole numbers, each once. What can't be an id is as if it were gone."""
    if given is None:
        return ()
    if not isinstance(given, list) or not all(_is_id(one) for one in given):
        raise BadInput(
            said("%(field)s is %(value)s; it must be a list of ids.", field=field, value=repr(given)[:60]), field=field
        )
    parsing.at_most(given, MOST_PRODUCTS, field=field)
    return _there(tuple(map(str, given)))


def _is_id(one: object) -> bool:
    return isinstance(one, str | int) and not isinstance(one, bool)


def _there(ids: tuple[str, ...]) -> tuple[str, ...]:
    # A database raises for NUL characters and for halves of a character.
    return tuple(dict.fromkeys(id for id in ids if 0 < len(id) <= LONGEST_ID and id.isprintable()))


def _name(given: object) -> str:
    name = parsing.text(given, field="name")
    if len(name) > LONGEST_NAME:
        raise BadInput(
            said("name has %(count)s characters; at most %(most)s are allowed.", count=len(name), most=LONGEST_NAME),
            field="name",
        )
    return name
