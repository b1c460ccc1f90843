"""Puts what a photo of several things found in turns: one for the most prominent thing, one for the next, and so on.

By score alone the thing whose catalogue is largest, or whose pictures lie nearest together, fills the first page, and nothing is
found for the others. In turns more rooms have some item of theirs among the first ten hits
(docs/decisions/0048-a-shelf-for-each-thing.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from visual_search.types import Grade, Hit, LegAnswer, Region

Shelf = tuple[int, tuple[str, ...]]  # a thing by its place in the scene, and ids for it, nearest first


def shelves(
    things: Sequence[Region], found: Mapping[int, LegAnswer], orders: Mapping[int, Sequence[str]] | None = None
) -> tuple[Shelf, ...]:
    """A shelf for each thing that something was found for, the most prominent first.

    `found`: the answer of each thing's own leg, by its place in `things`; `orders`: another order of its ids. A thing is
    prominent by how sure the detector is of it, which grows with its size and with how little hides it, times how near the
    shop's nearest picture comes to it: what the shop doesn't sell isn't what is asked for.
    """
    have = [number for number, leg in found.items() if number < len(things) and leg.hits]

    def prominent(number: int) -> float:
        return things[number].score * found[number].hits[0].score

    have.sort(key=lambda number: (-prominent(number), number))
    by_looks = {number: [hit.id for hit in found[number].hits] for number in have}
    return tuple((number, tuple(dict.fromkeys((orders or {}).get(number, by_looks[number])))) for number in have)


def in_turns(hits: Sequence[Hit], shelves: Sequence[Shelf], *, marked: bool = True) -> tuple[Hit, ...]:
    """The same hits, each `marked` with the thing that it is for, in turns; what is for the whole photo alone comes after them.

    The same item comes before what only resembles it: on its shelf, and with its shelf. What is "nothing close" stays last and
    is for no thing, so a thing that the shop doesn't sell has no turn.
    """
    close = {hit.id: hit for hit in hits if hit.grade is not Grade.DISTANT}

    def only_resembles(id: str) -> bool:
        return close[id].grade is not Grade.SAME

    own = [(number, sorted((id for id in ids if id in close), key=only_resembles)) for number, ids in shelves]
    own = sorted((shelf for shelf in own if shelf[1]), key=lambda shelf: only_resembles(shelf[1][0]))
    taken = [replace(close[id], thing=number if marked else None) for number, id in _dealt(own)]
    return _arranged(hits, taken)


def again_in_turns(hits: Sequence[Hit]) -> tuple[Hit, ...]:
    """Hits that are marked already in turns, the first of each thing as they come: after somebody's own order, say."""
    by_thing: dict[int, list[str]] = {}
    for hit in hits:
        if hit.thing is not None:
            by_thing.setdefault(hit.thing, []).append(hit.id)
    if not by_thing:
        return tuple(hits)
    known = {hit.id: hit for hit in hits}
    return _arranged(hits, [known[id] for _, id in _dealt(list(by_thing.items()))])


def _arranged(hits: Sequence[Hit], taken: Iterable[Hit]) -> tuple[Hit, ...]:
    dealt = {hit.id: hit for hit in taken}
    found = [*dealt.values(), *(hit for hit in hits if hit.id not in dealt)]
    place = {hit.id: number for number, hit in enumerate(hits)}

    def key(hit: Hit) -> tuple[bool, int]:
        return hit.grade is Grade.DISTANT, -len(place) + place[hit.id] if hit.is_named else 0

    return tuple(sorted(found, key=key))


def _dealt(shelves: Sequence[tuple[int, Sequence[str]]]) -> Iterator[tuple[int, str]]:
    """One id of each shelf, then the next of each; an id once, for the shelf whose turn it is first."""
    turns = [(number, iter(ids)) for number, ids in shelves]
    seen: set[str] = set()
    while turns:
        going = []
        for number, ids in turns:
            fresh = next((id for id in ids if id not in seen), None)
            if fresh is not None:
                seen.add(fresh)
                yield number, fresh
                going.append((number, ids))
        turns = going
