"""Finds the result set of a question's legs within its filters. A question whose facets are counted each without its own
filter is found once more for each of these.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from visual_search.content.readings import Kept, Looks
from visual_search.content.stand_ins import StandIns
from visual_search.encoders.base import Encoder
from visual_search.engines.base import Engine
from visual_search.querying import colours, comparing, kindred, naming, negatives, scales
from visual_search.querying.encoding import Encoded
from visual_search.querying.likes import Resembled
from visual_search.querying.result_set import Counted, confirmed_legs, offered, relation, result_set
from visual_search.querying.timing import Clock
from visual_search.ranking import composing, shelving
from visual_search.ranking.by_category import Categories
from visual_search.ranking.calibration import Calibration
from visual_search.types import (
    FAMILY,
    AnyOf,
    CollectionSchema,
    EngineAnswer,
    EngineQuery,
    Filter,
    Hit,
    Leg,
    LegId,
    LegKind,
    Not,
    Query,
    Relation,
    kind_of,
)


@dataclass(frozen=True, slots=True)
class Found:
    """The result set in the order of its scores, what curators may add to it, and what the engine left out."""

    hits: tuple[Hit, ...]
    offered: tuple[Hit, ...]
    relation: Relation
    degraded: tuple[str, ...]
    by_pictures: naming.ByPictures


@dataclass(frozen=True, slots=True)
class Finding:
    """Everything about a question but its filters, and what it is answered with. `legs`: those that the index can answer."""

    legs: Sequence[Leg]
    resembled: Resembled
    in_colour: colours.Asked
    language: str | None
    engine: Engine
    encoder: Encoder
    schema: CollectionSchema
    kept: Kept
    stand_ins: StandIns | None
    looks: Looks
    calibration: Calibration
    kinds: Categories
    clock: Clock

    def within(self, query: Query, encoded: Encoded) -> Found:
        """What is found within the filters of `query`; `encoded` learns what its photos have in common with it."""
        with self.clock.step("engine"):
            answer, things = self._answered(query)
            losses = negatives.losses(
                query,
                answer.legs,
                self.resembled.disliked,
                engine=self.engine,
                encoder=self.encoder,
                schema=self.schema,
                language=self.language,
            )
        with self.clock.step("colours"):
            colour = colours.leg_of(
                self.in_colour,
                answer.legs,
                collection=query.collection,
                engine=self.engine,
                schema=self.schema,
                looks=self.looks,
            )
            answer = replace(answer, legs=(*colours.of_the_thing(answer.legs), *([colour] if colour else [])))
        if (encoded.looked or self.stand_ins) and any(comparing.compares_pictures(leg) for leg in answer.legs):
            with self.clock.step("comparing"):
                answer = comparing.compared(encoded, answer, self.kept, self.stand_ins)
        query = replace(query, pictures=tuple(encoded.pictures))

        answers = (*answer.legs, *confirmed_legs(query.pictures, answer.legs))
        limits = scales.limits_of(answers, self.calibration, query.pictures)
        scale_of = scales.scales_of(
            [leg.name for leg in answers if isinstance(leg.name, LegId)],
            weights=scales.weights_of(query, self.resembled.liked, self.encoder),
            limits=limits,
            said=scales.shares_said(self.legs),
            calibration=self.calibration,
        )
        with self.clock.step("fusion"):
            hits = result_set(query, answers, Counted(scale_of, limits, losses, self.kinds, things.kindred))
        if things.legs and (scene := query.pictures[0].scene):
            hits = shelving.in_turns(
                hits, shelving.shelves(scene.things, things.legs, things.orders), marked=not things.chosen
            )
        return Found(
            hits,
            offered(answers, losses),
            relation(answer.legs, scale_of),
            answer.degraded,
            naming.by_pictures(self.legs, answer.legs),
        )

    def _answered(self, query: Query) -> tuple[EngineAnswer, kindred.ByThing]:
        """The engine's answer, with the legs of a photo's things joined into one, and what was found for each thing."""
        exclude = (*query.like, *query.unlike, *query.beside, *self.resembled.kin)
        asked = EngineQuery(tuple(self.legs), (*query.filters, *self._no_kin()), exclude=exclude)
        answer = self.engine.search(query.collection, asked)
        things = kindred.by_thing(query, answer.legs, scales.learned(LegKind.MEANING, self.calibration))
        legs = [leg for leg in answer.legs if kind_of(leg.name) is not LegKind.NAMED]
        return replace(answer, legs=composing.gathered(legs, things.kindred)), things

    def _no_kin(self) -> tuple[Filter, ...]:
        """What leaves out other sizes and colours of what is liked. The index may know more of them than the source tells."""
        families = self.resembled.families if self.schema.has_families else ()
        return (Not(AnyOf(FAMILY.name, families)),) if families else ()
