"""What is kept of a question and its answer until the day is sealed, in the row's box alone: nobody can read it before."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from visual_search.imaging.regions import PERSON
from visual_search.querying.things import SURE
from visual_search.types import Filter, Found, Grade, Not, Page, Query, Region, SeenThing

STEP_BYTES = 256  # Packed facts come in steps of so many bytes, so that a row's length tells little of them.
MOST_NOTES = 20  # and of each so many characters; hooks write less
MOST_NOTE_CHARS = 200
MOST_SEEN = 20  # things in one photo


@dataclass(frozen=True, slots=True)
class Facts:
    """As `types.SealedQuestion` tells them. `close`: places of the close hits among those that are kept, from 0."""

    found: Found
    close: tuple[int, ...] = ()
    seen: tuple[SeenThing, ...] = ()
    facets: tuple[str, ...] = ()
    refinements: tuple[str, ...] = ()
    page: int = 1
    took_ms: float = 0.0
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def pack(self) -> bytes:
        """As bytes, a multiple of STEP_BYTES."""
        seen = [[thing.label, thing.close] for thing in self.seen]
        values = [self.found, self.close, seen, self.facets, self.refinements, self.page, self.took_ms, self.timings_ms]
        packed = json.dumps([*values, self.notes], separators=(",", ":")).encode()
        return packed + b" " * (-len(packed) % STEP_BYTES)

    @classmethod
    def unpack(cls, packed: bytes) -> Facts:
        """Reverses `pack`."""
        found, close, seen, facets, refinements, page, took_ms, timings_ms, notes = json.loads(packed)
        return cls(
            found=Found(found),
            close=tuple(close),
            seen=tuple(SeenThing(label, close) for label, close in seen),
            facets=tuple(facets),
            refinements=tuple(refinements),
            page=page,
            took_ms=took_ms,
            timings_ms=timings_ms,
            notes=tuple(notes),
        )


def facts_of(query: Query, page: Page, *, hits: int) -> Facts:
    """What is kept of this question. `hits`: of how many of the page's hits it is kept whether they are close."""
    return Facts(
        found=page.found,
        close=tuple(place for place, hit in enumerate(page.hits[:hits]) if hit.grade is not Grade.DISTANT),
        seen=tuple(dict.fromkeys(_seen(page)))[:MOST_SEEN],
        facets=tuple(dict.fromkeys(_field(filter) for filter in query.filters)),
        refinements=tuple(_refinements(query)),
        page=page.page,
        took_ms=page.took_ms,
        timings_ms=dict(page.timings_ms),
        notes=tuple(note[:MOST_NOTE_CHARS] for note in page.notes[:MOST_NOTES]),
    )


def _seen(page: Page) -> Iterator[SeenThing]:
    """The things in the photos whose name is sure."""
    close = [hit for hit in page.hits if hit.grade is not Grade.DISTANT]
    answered = {hit.thing for hit in close}
    for photo in page.pictures:
        if photo.scene is None:
            continue
        whole = photo.scene.chosen == photo.scene.whole.box
        for place, thing in enumerate(photo.scene.things):
            if not _is_named(thing):
                continue
            if thing.box == photo.scene.chosen or (whole and len(photo.scene.things) == 1):
                yield SeenThing(thing.label, bool(close))
            else:
                # Hits of several things say for which one they are found.
                yield SeenThing(thing.label, place in answered if whole and len(page.pictures) == 1 else None)


def _is_named(thing: Region) -> bool:
    # A person isn't for sale.
    return thing.label not in ("", PERSON) and thing.score >= SURE


def _field(filter: Filter) -> str:
    return filter.filter.field if isinstance(filter, Not) else filter.field


def _refinements(query: Query) -> Iterator[str]:
    if query.words_not or query.unlike:
        yield "excluded"
    if query.filters:
        yield "filters"
    if query.page > 1:
        yield "page"
    if any(photo.box or photo.point or photo.thing is not None for photo in query.pictures):
        yield "part"
    if query.sort not in ("", "relevance"):
        yield "sorted"
