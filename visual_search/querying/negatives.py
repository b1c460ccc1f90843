"""Applies the negative parts of a question to its hits: which hit loses how much score, and which is left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from functools import partial

from multilingual import negation
from visual_search.encoders.base import Encoder
from visual_search.engines.base import Engine
from visual_search.querying import colours
from visual_search.querying.encoding import meaning
from visual_search.querying.legs import languages_asked
from visual_search.querying.likes import BySpace
from visual_search.ranking.composing import Unwanted, penalties
from visual_search.types import (
    ALL_WORDS,
    CollectionSchema,
    EngineQuery,
    Leg,
    LegAnswer,
    LegId,
    LegKind,
    LegName,
    Query,
    Vector,
    VectorLeg,
    WordsLeg,
)

MOST_APART = 8  # pairs of words that are kept apart: each is two more legs
MOST_NEGATIVES = 8  # things of each kind that aren't wanted: each is one more leg


@dataclass(frozen=True, slots=True)
class Cost:
    """A cosine of `near` costs nothing, one of `same` all that `weight` gives."""

    near: float
    same: float
    weight: float = 1.0


# A hit loses score if it looks like, or means, something unwanted. Unrelated objects of the public catalogue lie below `near`
# (docs/decisions/0020-composed-questions.md).
NOT_TOLD = 0.2  # what objects lose that say nothing of it, where others say that they are free of what isn't wanted
LOOKS = Cost(0.28, 1.0)
MEANS = Cost(0.35, 0.85)


@dataclass(frozen=True, slots=True)
class Losses:
    """`lost`: what objects lose of their score. `refused`: those whose texts say what mustn't be said."""

    lost: Mapping[str, float] = field(default_factory=dict)
    refused: frozenset[str] = frozenset()


def losses(
    query: Query,
    answers: Iterable[LegAnswer],
    disliked: BySpace,
    *,
    engine: Engine,
    encoder: Encoder,
    schema: CollectionSchema,
    language: str | None,
) -> Losses:
    """What each object of these answers loses; nothing if the question has no negative part.

    This asks the engine once more, for these objects alone and exactly, so that no hit escapes because a leg stopped
    early.
    """
    ids = tuple(dict.fromkeys(hit.id for leg in answers for hit in leg.hits))
    if not ids:
        return Losses()
    spaces = {space.name for space in schema.spaces}
    each = _vector_legs(query, disliked, encoder, language, k=len(ids))
    vectors = {leg.name: (leg, cost) for leg, cost in each if leg.space in spaces}
    legs: list[Leg] = [leg for leg, _ in vectors.values()]
    languages = languages_asked(language, schema)
    for number, phrase in enumerate(query.words_not[:MOST_NEGATIVES]):
        said = partial(LegId, LegKind.NOT_SAID, number)
        legs += [WordsLeg(said(place), word, languages, len(ids)) for place, word in enumerate(phrase.split())]
        free = partial(LegId, LegKind.FREE_OF, number)
        told = enumerate(negation.free_of(phrase, language or "en"))
        legs += [WordsLeg(free(place), words, languages, len(ids), every=True) for place, words in told]
    for number, pair in enumerate(query.apart[:MOST_APART]):
        kept = partial(LegId, LegKind.KEPT_APART, number)
        legs += [WordsLeg(kept(place), word, languages, len(ids), every=True) for place, word in enumerate(pair)]
    spoken = (language, query.language)
    coloured = colours.refused(
        query.words_not[:MOST_NEGATIVES],
        ids,
        languages=spoken,
        collection=query.collection,
        engine=engine,
        schema=schema,
    )
    if not legs:
        return Losses()
    answer = engine.search(query.collection, EngineQuery(tuple(legs), only=ids))
    by_leg = {leg.name: leg for leg in answer.legs}
    costs = [Unwanted(by_leg[name], cost.near, cost.same, cost.weight) for name, (_, cost) in vectors.items()]
    told_free = {number: _free(by_leg, number) for number in range(len(query.words_not[:MOST_NEGATIVES]))}
    lost = _preferring(frozenset().union(*told_free.values()), penalties(costs), ids)
    return Losses(lost, _refused(query, by_leg, told_free) | _of_the_other_word(query, by_leg) | coloured)


def _preferring(free: Set[str], lost: Mapping[str, float], ids: Iterable[str]) -> Mapping[str, float]:
    """Who asks for beer without alcohol wants the one that says so: it loses nothing, and all others more."""
    if not free:
        return lost
    return {id: lost.get(id, 0.0) + NOT_TOLD for id in ids if id not in free}


def _free(answers: Mapping[LegName, LegAnswer], number: int) -> frozenset[str]:
    """The objects whose texts say that they are free of what this phrase names."""
    legs = (leg for leg in answers.values() if _is_free(leg.name, number))
    return frozenset(hit.id for leg in legs for hit in leg.hits if hit.key == ALL_WORDS)


def _refused(query: Query, answers: Mapping[LegName, LegAnswer], free: Mapping[int, Set[str]]) -> frozenset[str]:
    """The objects whose texts contain all words of one of the phrases, but for those that say they are free of it."""
    refused: set[str] = set()
    for number, phrase in enumerate(query.words_not[:MOST_NEGATIVES]):
        legs = (LegId(LegKind.NOT_SAID, number, place) for place in range(len(phrase.split())))
        saying = [{hit.id for hit in answers[leg].hits} for leg in legs]
        refused |= (set.intersection(*saying) if saying else set()) - free[number]
    return frozenset(refused)


def _of_the_other_word(query: Query, answers: Mapping[LegName, LegAnswer]) -> frozenset[str]:
    """The objects whose texts say the second of two words that are kept apart, and not the first, which is asked."""
    refused: set[str] = set()
    for number in range(len(query.apart[:MOST_APART])):
        asked, other = (
            {hit.id for hit in answers[LegId(LegKind.KEPT_APART, number, place)].hits if hit.key == ALL_WORDS}
            for place in (0, 1)
        )
        refused |= other - asked
    return frozenset(refused)


def _is_free(name: LegName, number: int) -> bool:
    return isinstance(name, LegId) and name.kind is LegKind.FREE_OF and name.number == number


def _vector_legs(
    query: Query, disliked: BySpace, encoder: Encoder, language: str | None, *, k: int
) -> Iterable[tuple[VectorLeg, Cost]]:
    image, text = encoder.card.image.name, encoder.card.text

    def leg(kind: LegKind, number: int, space: str, vector: Vector) -> VectorLeg:
        return VectorLeg(LegId(kind, number), space, vector, k, exact=True, named=0)

    for number, item in enumerate(disliked.get(image, ())[:MOST_NEGATIVES]):
        yield leg(LegKind.UNLIKE, number, image, item.vector), Cost(LOOKS.near, LOOKS.same, item.weight)
    for number, picture in enumerate(query.pictures):
        if picture.weight < 0 and image in picture.vectors:
            vector = picture.vectors[image]
            yield leg(LegKind.UNLIKE_PHOTO, number, image, vector), Cost(LOOKS.near, LOOKS.same, -picture.weight)
    if text is None:
        return
    for number, phrase in enumerate(query.words_not[:MOST_NEGATIVES]):
        if (meant := meaning(encoder, language, phrase)) is not None:
            yield leg(LegKind.NOT_MEANT, number, text.name, meant), MEANS
