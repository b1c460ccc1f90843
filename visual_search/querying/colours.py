"""Lets the colours that words name count against what the shop says of its objects, and against what their pictures show.

"red chair" asks for chairs. So one more leg asks for the other words alone, and of all objects that some leg found those gain
that are red: by their colour facet, or, where it says nothing, by their pictures. Nothing is left out by that. What mustn't be
red ("chair -red") is, where its facet says that it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from multilingual.colours import coloured, of_value
from visual_search.conf import conf
from visual_search.content.readings import Looks
from visual_search.engines.base import Engine
from visual_search.querying.legs import WORDS, languages_asked
from visual_search.ranking.fusion import cut_short
from visual_search.types import (
    ALL_WORDS,
    COLOUR_FACETS,
    AnyOf,
    BrowseLeg,
    CollectionSchema,
    EngineQuery,
    FacetKind,
    LegAnswer,
    LegHit,
    LegId,
    LegKind,
    WordsLeg,
)

MOST_COLOURS = 3  # of a question: each asks the engine once more
COLOUR = LegId(LegKind.COLOUR)
BESIDE = LegId(LegKind.BESIDE_COLOUR)
# The share of a picture's thing that makes it red. On 516 products of the public catalogue whose facet names a colour, .3 was
# reached in .64 of those that the facet calls red, and in none of the others (green .61 and .01, blue .70 and .05).
CLEARLY = 0.3
BY_LOOKS = 0.9  # what a clearly red picture counts beside a facet that says "red"
OTHER_THING = 0.25  # what a red thing counts that lacks the other words
ONLY_RED = 0.4  # what the words count of something that has none but "red"


@dataclass(frozen=True, slots=True)
class Asked:
    """The colours of a question, as they are called in English, and what it says beside them."""

    colours: tuple[str, ...] = ()
    rest: str = ""

    def leg(self, language: str | None, schema: CollectionSchema) -> WordsLeg | None:
        """The leg of the other words; None where there are none."""
        if not (self.colours and self.rest):
            return None
        return WordsLeg(BESIDE, self.rest, languages_asked(language, schema), conf.RANK_WINDOW)


def asked(words: str, languages: Iterable[str | None]) -> Asked:
    """The colours that the words name in one of these languages, or in English, which facets are often in."""
    found = coloured(words, (*languages, "en"))
    return Asked(tuple(sorted(found.colours)[:MOST_COLOURS]), found.rest)


def leg_of(
    question: Asked,
    answers: Sequence[LegAnswer],
    *,
    collection: str,
    engine: Engine,
    schema: CollectionSchema,
    looks: Looks,
) -> LegAnswer | None:
    """One more leg over the objects that these found, with those that have the colours; None where none has."""
    # What curators offer is no hit of the question.
    found = (leg for leg in answers if not (isinstance(leg.name, LegId) and leg.name.kind is LegKind.OFFERED))
    ids = tuple(dict.fromkeys(hit.id for leg in found for hit in leg.hits))
    if not (question.colours and ids):
        return None
    beside = next((leg.hits for leg in answers if leg.name == BESIDE), ())
    named = {hit.id for hit in beside if hit.key == ALL_WORDS} if question.rest else set(ids)
    by_facet = _by_facet(collection, engine, schema, ids, question.colours)
    unsaid = [id for id in ids if id in named and id not in by_facet.said]
    scores: dict[str, float] = {}
    for colour in question.colours:
        having = dict.fromkeys(by_facet.having[colour], 1.0)
        seen = looks(unsaid, colour) if unsaid else {}
        having |= {id: BY_LOOKS * min(1.0, share / CLEARLY) for id, share in seen.items()}
        for id, score in having.items():
            scores[id] = scores.get(id, 0.0) + score / len(question.colours)
    hits = [
        LegHit(
            id, score if id in named else score * OTHER_THING, ALL_WORDS if id in named and score >= BY_LOOKS else ""
        )
        for id, score in scores.items()
        if score > 0
    ]
    return LegAnswer(COLOUR, tuple(sorted(hits, key=lambda hit: (-hit.score, hit.id))), len(hits)) if hits else None


def of_the_thing(answers: Sequence[LegAnswer]) -> tuple[LegAnswer, ...]:
    """The legs of the question, without that of the words beside the colours. What has none of these words counts less:

    a lipstick that is called red mustn't come before a red watering can whose colour only its facet tells.
    """
    legs = tuple(leg for leg in answers if leg.name != BESIDE)
    beside = next((leg for leg in answers if leg.name == BESIDE), None)
    # If more have the other words than were returned, nobody knows which haven't.
    if beside is None or not beside.hits or cut_short(beside):
        return legs
    named = {hit.id for hit in beside.hits}
    return tuple(_lowered(leg, named) if leg.name == WORDS else leg for leg in legs)


def _lowered(leg: LegAnswer, named: Collection[str]) -> LegAnswer:
    hits = [hit if hit.id in named else replace(hit, score=hit.score * ONLY_RED) for hit in leg.hits]
    return replace(leg, hits=tuple(sorted(hits, key=lambda hit: (-hit.score, hit.id))))


def refused(
    phrases: Iterable[str],
    ids: Sequence[str],
    *,
    languages: Iterable[str | None],
    collection: str,
    engine: Engine,
    schema: CollectionSchema,
) -> frozenset[str]:
    """Those of the objects whose facet names a colour that isn't wanted. A phrase with other words isn't about a colour alone."""
    spoken = tuple(languages)
    unwanted = [found.colours for phrase in phrases for found in [asked(phrase, spoken)] if not found.rest]
    colours = tuple(dict.fromkeys(colour for each in unwanted for colour in each))
    if not colours:
        return frozenset()
    by_facet = _by_facet(collection, engine, schema, ids, colours)
    return frozenset(id for colour in colours for id in by_facet.having[colour])


@dataclass(frozen=True, slots=True)
class _ByFacet:
    """Colour -> the objects whose facet names it. `said`: those whose facet names some colour."""

    having: Mapping[str, Collection[str]]
    said: Collection[str]


def _by_facet(
    collection: str, engine: Engine, schema: CollectionSchema, ids: Sequence[str], colours: Iterable[str]
) -> _ByFacet:
    names = (f.name for f in schema.facets if f.name in COLOUR_FACETS and f.kind is FacetKind.KEYWORD)
    field = next(names, "")
    if not field:
        return _ByFacet(dict.fromkeys(colours, ()), ())
    counts = engine.facets(collection, ids, (field,))[0].counts
    values = {str(count.value): of_value(str(count.value)) for count in counts}

    def with_one_of(chosen: Sequence[str]) -> frozenset[str]:
        if not chosen:
            return frozenset()
        browse = BrowseLeg(LegId(LegKind.BROWSE), len(ids))
        answer = engine.search(collection, EngineQuery((browse,), (AnyOf(field, tuple(chosen)),), only=tuple(ids)))
        return frozenset(hit.id for hit in answer.legs[0].hits)

    having = {colour: with_one_of([value for value, named in values.items() if colour in named]) for colour in colours}
    return _ByFacet(having, with_one_of([value for value, named in values.items() if named]))
