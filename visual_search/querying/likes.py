"""Finds the vectors of objects that hits should resemble or not resemble, and makes the legs that ask for them."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, zip_longest
from typing import Any

from visual_search import registry
from visual_search.conf import conf
from visual_search.content import documents, vectors
from visual_search.content.objects import family_key_of, family_of, keys_of, objects_by_id
from visual_search.content.stand_ins import StandIns
from visual_search.encoders.base import Encoder
from visual_search.errors import BadInput, said
from visual_search.registry import Source
from visual_search.types import EncoderCard, LegId, LegKind, NamedVector, Query, VectorLeg

logger = logging.getLogger(__name__)

MOST_LIKED = 8  # objects to resemble, and vectors of each kind that are asked: each is one more leg

BySpace = Mapping[str, Sequence[NamedVector]]  # space name -> vectors, each with its weight


@dataclass(frozen=True, slots=True)
class Resembled:
    """The vectors of the objects to resemble and of those not to resemble."""

    liked: BySpace = field(default_factory=dict)
    disliked: BySpace = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    kin: tuple[str, ...] = ()  # ids of the same things in other sizes and colours, which are no answer
    families: tuple[str, ...] = ()  # what they share in the index


def looked_up(query: Query, encoder: Encoder) -> tuple[Query, Resembled]:
    """The question with the ids of objects that exist, as the database writes them ("007" is 7), and their vectors.

    The vectors come from the cache, because an engine never gives vectors back. If some objects to resemble are gone, a
    warning says so; objects not to resemble may be gone without one. Raises BadInput (404) if all objects to resemble
    are gone.
    """
    if not (query.like or query.unlike or query.beside):
        return query, Resembled()
    source = registry.source(query.collection)
    liked = objects_by_id(source, query.like)
    if query.like and not liked:
        raise BadInput(
            said("There is no product '%(like)s'. Take an id from an earlier answer.", like=query.like[0][:60]),
            field="like",
            status=404,
        )
    disliked = objects_by_id(source, query.unlike)
    weights = {str(key): query.like_weights[id] for id, key in keys_of(source, query.like_weights).items()}
    resembled = Resembled(
        liked=_vectors_of_all(source, liked, weights, encoder),
        disliked=_vectors_of_all(source, disliked, weights, encoder),
        warnings=("like_not_found",) if len(liked) < len(set(query.like)) else (),
        **_kin(
            source,
            [
                *(liked.values() if asks_nothing_else(query) else ()),
                *objects_by_id(source, query.beside).values(),
            ],
        ),
    )
    return replace(query, like=tuple(liked), unlike=tuple(disliked), like_weights=weights), resembled


def legs(liked: BySpace, card: EncoderCard) -> list[VectorLeg]:
    return [VectorLeg(id, space, item.vector, conf.RANK_WINDOW, named=0) for id, space, item in _items(liked, card)]


def weights(liked: BySpace, card: EncoderCard) -> dict[LegId, float]:
    """The weight of each of these legs among the legs of its kind."""
    return {id: item.weight for id, _space, item in _items(liked, card)}


def _items(liked: BySpace, card: EncoderCard) -> Iterator[tuple[LegId, str, NamedVector]]:
    """The leg and the space of each vector of an object to resemble."""
    for kind, space in ((LegKind.LIKE, card.image), (LegKind.LIKE_TEXT, card.text)):
        if space is not None:
            for number, item in enumerate(liked.get(space.name, ())[:MOST_LIKED]):
                yield LegId(kind, number), space.name, item


def asks_nothing_else(query: Query) -> bool:
    """Whether the question is "more like this" alone. "This, but in blue" may well be another colour of the very thing."""
    return bool(query.like) and not (query.words or query.pictures or query.filters)


def _kin(source: Source, objects: Collection[Any]) -> dict[str, tuple[str, ...]]:
    if not source.has_families:
        return {}
    return {
        "kin": tuple(dict.fromkeys(id for obj in objects for id in sorted(family_of(source, obj)))),
        "families": tuple(dict.fromkeys(family_key_of(source, obj) for obj in objects)),
    }


def _vectors_of_all(
    source: Source, objects: Mapping[str, Any], weights: Mapping[str, float], encoder: Encoder
) -> dict[str, list[NamedVector]]:
    each = [
        {space: [replace(item, weight=abs(weights.get(id, 1.0))) for item in items] for space, items in own.items()}
        for id, obj in objects.items()
        if (own := _vectors_of(source, obj, encoder))
    ]
    # The first picture of each object, then the second of each: so each object gets a leg before any gets two.
    return {
        space: [item for item in chain.from_iterable(zip_longest(*(own.get(space, ()) for own in each))) if item]
        for space in dict.fromkeys(space for own in each for space in own)
    }


def _vectors_of(source: Source, obj: Any, encoder: Encoder) -> Mapping[str, Sequence[NamedVector]]:
    """All picture vectors of an object and the one of its title in the shop's main language."""
    try:
        content = documents.read(source, obj)
    except documents.SourceFailed as problem:
        logger.warning("%s", problem)
        return {}
    pictures = {documents.picture_key(content, picture): picture for picture in content.pictures}
    seen = vectors.of_pictures(encoder, pictures)
    stand_ins = StandIns(source.collection).contents(set(seen.hashes.values()))
    for key, content_hash in seen.hashes.items():
        if content_hash in stand_ins:
            seen.vectors.pop(key, None)
    document = documents.build(
        content,
        0,
        encoder.card,
        seen,
        vectors.of_titles(encoder, content.titles[:1]),
    )
    return defaultdict(tuple, document.vectors)
