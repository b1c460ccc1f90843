"""Takes hidden hits out and puts pinned ones at their places. Pure functions."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from itertools import count

from visual_search.types import PROMOTED, Grade, Hit


def without(hits: tuple[Hit, ...], hidden: Collection[str]) -> tuple[Hit, ...]:
    """The hits without the hidden objects. Where a thing is hidden in one size or colour, the next one stands in for it."""
    if not hidden:
        return hits
    left = []
    for hit in hits:
        members = [id for id in (hit.id, *hit.folded) if id not in hidden]
        if len(members) == 1 + len(hit.folded):
            left.append(hit)
        elif members and members[0] == hit.id:
            left.append(replace(hit, folded=tuple(members[1:])))
        elif members:
            left.append(replace(hit, id=members[0], picture="", folded=tuple(members[1:])))
    return tuple(left)


def placed(
    hits: tuple[Hit, ...],
    known: Mapping[str, Hit],
    wanted: Mapping[str, int],
    allowed: Collection[str],
    families: Mapping[str, str],
) -> tuple[Hit, ...]:
    """The hits with the pins at their places, counted over all pages, from 1.

    `wanted`: id -> place, what counts most first: of two pins at one place the second takes the next one. A pin that isn't
    `known` or `allowed` is lost, and pins right behind it move up. Pins stay before what is "nothing close". `families`: what
    sizes and colours of a pinned thing share; a thing that is pinned has no second hit.
    """
    pins: dict[str, Hit] = {}
    taken: set[str] = set()
    for id in wanted:
        family = families.get(id) or id
        if id in known and id in allowed and family not in taken:
            taken.add(family)
            pins[id] = known[id]
    if not pins:
        return hits
    folded = {id: dict.fromkeys(pins[id].folded) for id in pins}
    by_family = {families[id]: id for id in pins if id in families}
    rest: list[Hit] = []
    for hit in hits:
        own = by_family.get(hit.family) if hit.family else None
        own = hit.id if hit.id in pins else own
        if own is None:
            rest.append(hit)
        elif own != hit.id:
            # Another size or colour was found: it belongs to the pin now.
            folded[own] |= dict.fromkeys((hit.id, *hit.folded))
    close = [hit for hit in rest if hit.grade is not Grade.DISTANT]
    distant = [hit for hit in rest if hit.grade is Grade.DISTANT]
    for id, place in sorted(_places(wanted, pins).items(), key=lambda each: each[1]):
        others = tuple(other for other in folded[id] if other != id)
        # Nobody compared it with the question, so it has no grade, and it stands for no thing in the photo.
        pin = replace(pins[id], grade=None, reason=PROMOTED, thing=None, label="", because="", folded=others)
        close.insert(min(place - 1, len(close)), pin)
    return (*close, *distant)


def _places(wanted: Mapping[str, int], pins: Collection[str]) -> dict[str, int]:
    """Each pin's place. First all get one, lost ones too; then each block of neighbours closes its gaps."""
    free: dict[int, str] = {}
    for id, asked in wanted.items():
        free[next(place for place in count(asked) if place not in free)] = id
    places: dict[str, int] = {}
    last, next_place = None, 1
    for place in sorted(free):
        if last is None or place != last + 1:
            next_place = place
        last = place
        if free[place] in pins:
            places[free[place]] = next_place
            next_place += 1
    return places
