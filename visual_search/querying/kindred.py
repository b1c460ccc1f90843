"""What the shop calls by the name of a thing in a photo comes first for it: chairs for a chair, however near a bathtub looks.

Cut out of a room, a thing lies far from the shop's pictures of it, and what lies nearest is of another kind half of the time. The
detector knows the kind. Objects whose titles mean its name are *kindred* to the thing: they belong to what was found for it, and
among them the looks decide. Their grade stays that of their looks (docs/decisions/0052-things-by-their-names.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from visual_search.conf import conf
from visual_search.encoders.base import Encoder
from visual_search.imaging.regions import is_scene
from visual_search.querying.encoding import meaning
from visual_search.querying.scenes import known
from visual_search.querying.things import is_sure
from visual_search.ranking.fusion import Scale
from visual_search.types import LegAnswer, LegHit, LegId, LegKind, Query, Region, Vector, VectorLeg

NAMES_ARE_IN = "en"  # the language of a detector's labels
MOST_OF_EACH = 24  # kindred objects for one thing: a page
# What a title that means the name in full is worth beside the looks, as cosine. From .05 to .3 the shelves of 93 rooms get truer
# (their first four of the right kind: .48 by looks alone, .58 at .05, .81 at .2, .86 at .3), and the very items of the room
# neither gain nor lose.
BONUS = 0.2
MOST_NAMES = 1000  # whose vectors stay in memory: 2 kB each

_known: dict[tuple[str, str], Vector] = {}


@dataclass(frozen=True, slots=True)
class ByThing:
    """What was found for each thing of a photo that is asked, by its place in the scene.

    `orders`: the ids for a thing whose name is sure, best first. `kindred`: the objects that belong to what was found by a name.
    `chosen`: whether the shopper chose one thing, so that there are no turns.
    """

    legs: Mapping[int, LegAnswer] = field(default_factory=dict)
    orders: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    kindred: frozenset[str] = frozenset()
    chosen: bool = False


def legs(query: Query, encoder: Encoder) -> list[VectorLeg]:
    """One leg over titles for each name of a thing in the photo, where the things of one photo are all that is asked."""
    witness = query.pictures[0].witness if query.pictures else None
    # On white, as shops show their goods, names mislead: detectors learn from photos of rooms and streets.
    if encoder.card.text is None or (witness is not None and witness.studio):
        return []
    first: dict[str, int] = {}
    for number, thing in _asked(query).values():
        if is_sure(thing):
            first.setdefault(thing.label, number)
    vectors = {number: _meaning(encoder, label) for label, number in first.items()}
    return [
        VectorLeg(LegId(LegKind.NAMED, 0, number), encoder.card.text.name, vector, conf.RANK_WINDOW, named=0)
        for number, vector in vectors.items()
        if vector is not None
    ]


def _meaning(encoder: Encoder, label: str) -> Vector | None:
    """The vector of a name. A detector has few names, and they are asked with every photo of a room."""
    assert encoder.card.text is not None
    key = (encoder.card.text.fingerprint, label)
    if key not in _known and (vector := meaning(encoder, NAMES_ARE_IN, label)) is not None:
        if len(_known) >= MOST_NAMES:
            _known.clear()
        _known[key] = vector
    return _known.get(key)


def by_thing(query: Query, answers: Sequence[LegAnswer], scale: Scale) -> ByThing:
    """What was found for each thing. `scale`: how a cosine of words and titles counts, and from where on it admits an object."""
    asked = _asked(query)
    legs = {leg.name: leg for leg in answers if isinstance(leg.name, LegId)}
    found = {number: leg for part, (number, _) in asked.items() if (leg := legs.get(LegId(LegKind.PHOTO, 0, part)))}
    meant = {
        thing.label: {hit.id: scale.value(hit.score) for hit in leg.hits}
        for number, thing in asked.values()
        if (leg := legs.get(LegId(LegKind.NAMED, 0, number)))
    }
    orders, kindred = {}, set[str]()
    for number, thing in asked.values():
        means = meant.get(thing.label, {}) if is_sure(thing) and number in found else {}
        if means:
            orders[number] = _ordered(found[number], means)
            called_so = (id for id in orders[number] if means.get(id, 0.0) >= (scale.admits or 0.0))
            kindred |= set(islice(called_so, MOST_OF_EACH))
    return ByThing(found, orders, frozenset(kindred), chosen=None in asked)


def _asked(query: Query) -> dict[int | None, tuple[int, Region]]:
    """The part of each leg of the photo, with the thing that it asks for and its place. A thing that was chosen has no part.

    Nothing, where something beside the one photo says which thing is meant or in which order hits stand.
    """
    if len(query.pictures) != 1 or query.words or query.like or query.sort not in ("", "relevance"):
        return {}
    picture = query.pictures[0]
    if (scene := picture.scene) is None or not is_scene(scene.things):
        return {}
    if picture.others:
        return dict(enumerate(enumerate(scene.things)))
    chosen = known(picture.box, scene) if picture.box is not None else None
    place = next((number for number, thing in enumerate(scene.things) if thing is chosen), None)
    return {None: (place, scene.things[place])} if place is not None else {}


def _ordered(leg: LegAnswer, means: Mapping[str, float]) -> tuple[str, ...]:
    def worth(hit: LegHit) -> float:
        return hit.score + BONUS * min(max(means.get(hit.id, 0.0), 0.0), 1.0)

    return tuple(dict.fromkeys(hit.id for hit in sorted(leg.hits, key=lambda hit: (-worth(hit), hit.id))))
