"""The way that a shopper came through "more like this": the products, one after the other, in the address alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from visual_search.querying.cards import cards
from visual_search.types import Card

LONGEST = 8  # products: an address stays short, and nobody goes further back
_LONGEST_ID = 200  # characters


@dataclass(frozen=True, slots=True)
class Step:
    """A product on the way, and the page of what resembles it, with the way as it was there."""

    card: Card
    url: str


@dataclass(frozen=True, slots=True)
class Trail:
    """`steps`: the products before this one. `via`: all ids of the way with this one's, as links from here carry them.

    `here`: the product whose likes are shown; None where it is gone.
    """

    steps: tuple[Step, ...]
    here: Card | None
    via: str


def trail(collection: str, place: str, asked: Sequence[str], object_id: str, language: str | None) -> Trail:
    """The way to this object: `asked` are the ids before it, the first one first. Ids that are gone are left out.

    Who comes back to a product has closed a circle: the way goes on from there. `place`: the collection as addresses name it.
    """
    ids = list(dict.fromkeys(id for id in asked if id and len(id) <= _LONGEST_ID))
    ids = (ids[: ids.index(object_id)] if object_id in ids else ids)[-LONGEST:]
    known = cards(collection, [*ids, object_id], language)
    ids = [id for id in ids if id in known]
    steps = tuple(Step(known[id], similar_url(place, id, _query(ids[:number]))) for number, id in enumerate(ids))
    return Trail(steps, known.get(object_id), _query([*ids, object_id][-LONGEST:]))


def similar_url(place: str, id: str, via: str = "") -> str:
    """The page of what resembles an object; `via` is the way to it."""
    address = reverse("visual_search:similar", args=[place, id] if place else [id])
    return f"{address}?{via}" if via else address


def _query(ids: Sequence[str]) -> str:
    return urlencode([("via", id) for id in ids])
