"""Makes the one result set of a question: which objects belong to it, in which order, with which grade.

Hits, facets, totals and pages are all taken from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from visual_search.engines.base import Engine
from visual_search.querying.kinds import PICTURE_KINDS
from visual_search.querying.legs import CODE, CODE_AMONG, order
from visual_search.querying.negatives import Losses
from visual_search.querying.scales import LegLimits
from visual_search.ranking import composing
from visual_search.ranking.by_category import Categories
from visual_search.ranking.calibration import better, grade_by_keypoints
from visual_search.ranking.fusion import Fused, Scale, admits_more, cut_short, fuse
from visual_search.types import (
    ALL_WORDS,
    EXACT_CODE,
    SAME_PICTURE,
    BrowseLeg,
    CollectionSchema,
    EngineQuery,
    Grade,
    Hit,
    LegAnswer,
    LegHit,
    LegId,
    LegKind,
    LegName,
    Query,
    QueryPicture,
    Relation,
    kind_of,
)

LEAST_RESULTS = (
    24  # If fewer hits are admitted, the nearest others follow, graded "nothing close", so that no page is blank.
)
# From this score of the label leg on, the answer names the label as a reason. It is half of what the label needs to admit a hit
# alone, because it confirms what other legs found. Set by judgement.
LABEL_AGREES = 0.15


@dataclass(frozen=True, slots=True)
class Counted:
    """How the answers of one question count (`scales.py`), and what its negative parts take away."""

    scales: Mapping[LegName, Scale]
    limits: LegLimits
    losses: Losses
    kinds: Categories  # gives the category paths of objects
    kindred: Set[str] = frozenset()  # objects that belong to the result by the name of a thing in the photo


def confirmed_legs(pictures: Sequence[QueryPicture], answers: Sequence[LegAnswer]) -> Iterator[LegAnswer]:
    """One more leg for each photo, with what keypoints confirm. Only objects that other legs found are in it."""
    returned = _ids(answers)
    for number, picture in enumerate(pictures):
        confirmed = picture.witness.confirmed if picture.witness else {}
        hits = [LegHit(id, sure) for id, sure in confirmed.items() if id in returned]
        if hits:
            hits.sort(key=lambda hit: (-hit.score, hit.id))
            yield LegAnswer(LegId(LegKind.CONFIRMED, number), tuple(hits), len(hits))


def result_set(query: Query, answers: Sequence[LegAnswer], counted: Counted) -> tuple[Hit, ...]:
    """Objects with an exact code first, then those that show the very photo, then those that some leg admits.

    If these are few, the nearest others follow. Objects whose texts say what the question forbids are left out.
    """
    own = [leg for leg in answers if kind_of(leg.name) is not LegKind.OFFERED]
    allowed = _ids(own) - counted.losses.refused
    firsts = _firsts(query, own, allowed)
    ranked = [leg for leg in own if leg.name in counted.scales]
    fused = [
        item for item in composing.without(fuse(ranked, counted.scales), counted.losses.lost) if item.id in allowed
    ]
    exact = _having_the_number(query, own)
    belong = [item for item in fused if item.admitted or item.id in counted.kindred]
    admitted = [item for item in belong if exact is None or item.id in exact]
    belonging = {item.id for item in admitted}
    others = [item for item in fused if item.id not in belonging][: max(0, LEAST_RESULTS - len(admitted))]
    labels = [leg for leg in ranked if kind_of(leg.name) is LegKind.LABEL]
    said = {hit.id for leg in labels for hit in leg.hits if hit.score >= LABEL_AGREES}
    looks = _grades(ranked, counted)
    pictures = _pictures(ranked)
    hits = {
        item.id: replace(
            _hit(item, looks, pictures, belongs=item.id in belonging, explain=query.explain),
            reason="label" if item.id in said else "",
        )
        for item in (*admitted, *others)
    }
    first = [
        replace(hits.pop(id, Hit(id, 1.0)), score=1.0, grade=Grade.SAME, reason=reason) for id, reason in firsts.items()
    ]
    return (*first, *hits.values(), *_browsed(own, allowed, counted.losses.lost))


def offered(answers: Sequence[LegAnswer], losses: Losses) -> tuple[Hit, ...]:
    """The objects that curators named and that pass the question's filters and negatives; curators may add them."""
    legs = (leg for leg in answers if kind_of(leg.name) is LegKind.OFFERED)
    return tuple(Hit(hit.id, 0.0) for leg in legs for hit in leg.hits if hit.id not in losses.refused)


def relation(answers: Sequence[LegAnswer], scales: Mapping[LegName, Scale]) -> Relation:
    """ "gte" if a leg that admits hits stopped before it had returned all that it would admit, else "eq"."""
    for leg in answers:
        scale = scales.get(leg.name)
        if admits_more(leg, scale) if scale is not None else cut_short(leg):
            return "gte"
    return "eq"


def sorted_by(query: Query, hits: tuple[Hit, ...], engine: Engine, schema: CollectionSchema) -> tuple[Hit, ...]:
    """The same result set in the order of a number facet. Hits graded "nothing close" stay behind all others."""
    order_by, descending = order(query.sort, schema)
    wanted = {hit.id: hit for hit in hits}
    leg = BrowseLeg(LegId(LegKind.ORDER), max(1, len(wanted)), order_by, descending)
    answer = engine.search(query.collection, EngineQuery((leg,), only=tuple(wanted)))
    ordered = [wanted[hit.id] for hit in answer.legs[0].hits]
    return tuple(sorted(ordered, key=lambda hit: hit.grade is Grade.DISTANT))


def _ids(answers: Sequence[LegAnswer]) -> set[str]:
    return {hit.id for leg in answers for hit in leg.hits}


def _firsts(query: Query, answers: Sequence[LegAnswer], allowed: Set[str]) -> dict[str, str]:
    """Objects that come first whatever their score, with the reason: an exact code, then the very same picture."""
    codes = [hit.id for leg in answers if leg.name == CODE for hit in leg.hits]
    # A number among other words may be the code of something else, if something has all the words.
    if not any(hit.key == ALL_WORDS for leg in answers if kind_of(leg.name) is LegKind.WORDS for hit in leg.hits):
        codes += [hit.id for leg in answers if leg.name == CODE_AMONG for hit in leg.hits]
    copies = [id for picture in query.pictures if picture.witness for id in picture.witness.copies]
    firsts = dict.fromkeys((id for id in codes if id in allowed), EXACT_CODE)
    return firsts | {id: SAME_PICTURE for id in copies if id in allowed}


def _having_the_number(query: Query, answers: Sequence[LegAnswer]) -> Set[str] | None:
    """The objects that have all the words, where words alone are asked and a number is among them; None where none has.

    Who writes a number means this one, but in meaning 500 ml of beer is near to 500 g of honey.
    """
    if query.pictures or query.like or not any(map(str.isdigit, query.words)):
        return None
    saying = (leg for leg in answers if kind_of(leg.name) in (LegKind.WORDS, LegKind.COLOUR))
    return {hit.id for leg in saying for hit in leg.hits if hit.key == ALL_WORDS} or None


def _browsed(answers: Sequence[LegAnswer], allowed: Set[str], lost: Mapping[str, float]) -> list[Hit]:
    """The hits of a question without words, photo or objects, in their order; those with a loss go to the end."""
    legs = (leg for leg in answers if kind_of(leg.name) is LegKind.BROWSE)
    hits = [Hit(hit.id, hit.score) for leg in legs for hit in leg.hits if hit.id in allowed]
    return sorted(hits, key=lambda hit: lost.get(hit.id, 0.0))


def _grades(answers: Sequence[LegAnswer], counted: Counted) -> dict[str, Grade]:
    """Each object's best grade: by the question's photos, their keypoints, or pictures of objects to resemble."""
    by_looks = [(leg, counted.limits[leg.name]) for leg in answers if leg.name in counted.limits]
    near = {hit.id for leg, limits in by_looks if limits for hit in leg.hits if hit.score >= limits.hangs_on_kind}
    category_of = counted.kinds(sorted(near)) if near else {}
    grades: dict[str, Grade] = {}

    def give(id: str, grade: Grade) -> None:
        grades[id] = better(grade, grades.get(id, grade))

    for leg, limits in by_looks:
        for hit in leg.hits:
            give(hit.id, limits.grade(hit.score, category_of.get(hit.id, "")) if limits else Grade.DISTANT)
    for leg in answers:
        if kind_of(leg.name) is LegKind.CONFIRMED:
            for hit in leg.hits:
                give(hit.id, grade_by_keypoints(hit.score))
    return grades


def _pictures(answers: Sequence[LegAnswer]) -> dict[str, str]:
    """For each object, the id of the picture that the first kind of leg in `PICTURE_KINDS` found nearest."""
    legs = [(PICTURE_KINDS.index(kind), leg) for leg in answers if (kind := kind_of(leg.name)) in PICTURE_KINDS]
    legs.sort(key=lambda each: each[0])
    return {hit.id: hit.key for _, leg in reversed(legs) for hit in leg.hits}


def _hit(item: Fused, looks: Mapping[str, Grade], pictures: Mapping[str, str], *, belongs: bool, explain: bool) -> Hit:
    grade: Grade | None = Grade.DISTANT
    if belongs:
        # A hit that came in by its words alone gets no grade, because nobody compared its looks.
        grade = looks.get(item.id)
        grade = None if grade is Grade.DISTANT else grade
    return Hit(
        id=item.id,
        score=round(item.score, 6),
        grade=grade,
        picture=pictures.get(item.id, ""),
        legs={str(name): round(part, 6) for name, part in item.parts.items()} if explain else {},
    )
