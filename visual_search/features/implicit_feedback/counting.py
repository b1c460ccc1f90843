"""The looks and choices of one day. Each browser counts once for each object: whoever clicks a hundred times chooses once.

A hit counts at the place where it came into view; of answers whose page tells nothing of that, the first ten hits count. What
fewer than `k` browsers of the day saw isn't counted at all, so that no sum tells what one of them did.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from visual_search.features.implicit_feedback.places import STEPS, Look, likelihoods, looked_at
from visual_search.types import SealedQuestion

# How much a choice tells, set by judgement: a click may be curiosity, money isn't. The most telling one of a browser counts.
WEIGHTS: Mapping[str, float] = {"click": 1.0, "view": 1.0, "basket": 2.0, "purchase": 4.0}


@dataclass(frozen=True, slots=True)
class Sum:
    """Of one object, or of all. `looks`: how many were probably looks; `choices`: their weights, added up."""

    browsers: float = 0.0
    looks: float = 0.0
    choices: float = 0.0

    def __add__(self, other: Sum) -> Sum:
        return Sum(self.browsers + other.browsers, self.looks + other.looks, self.choices + other.choices)

    def times(self, factor: float) -> Sum:
        return Sum(self.browsers * factor, self.looks * factor, self.choices * factor)


@dataclass(frozen=True, slots=True)
class Tally:
    """What a day tells of a collection. `curve`: as `places.likelihoods`, of at least `k` browsers, else zeros."""

    objects: Mapping[str, Sum] = field(default_factory=dict)
    curve: tuple[float, ...] = (0.0,) * len(STEPS)


def tally(questions: Iterable[SealedQuestion], *, steepness: float, k: int) -> Tally:
    """The day's sums of one collection. Where hits don't stand by relevance, clicks tell nothing of places: not counted."""
    looks: dict[tuple[str, int], float] = defaultdict(float)  # by object and browser: its best look
    choices: dict[tuple[str, int], float] = defaultdict(float)
    groups: dict[tuple[int, str], list[Look]] = defaultdict(list)
    browsers: dict[tuple[int, str], set[int]] = defaultdict(set)
    for question in questions:
        if "sorted" in question.refinements or question.kind == "browse":
            continue
        chosen = _chosen(question)
        for id, place in _seen(question).items():
            key = id, question.client
            looks[key] = max(looks[key], looked_at(place, steepness))
            choices[key] = max(choices[key], chosen.get(id, 0.0))
            if question.words is not None:
                groups[question.words, id].append(Look(place, id in chosen))
                browsers[question.words, id].add(question.client)
    return Tally(_objects(looks, choices, k), _curve(groups, browsers, k))


def _seen(question: SealedQuestion) -> dict[str, int]:
    """The hits that were seen, each with its best place; what was chosen was seen."""
    at: dict[str, int] = {}
    for event in question.events:
        if event.position and event.position > 0:
            at[event.object_id] = min(event.position, at.get(event.object_id, event.position))
    told = any(event.action == "impression" for event in question.events)
    if not told and question.page == 1:
        for place, id in enumerate(question.hits, 1):
            at.setdefault(id, place)
    return at


def _chosen(question: SealedQuestion) -> dict[str, float]:
    """The objects that were chosen after the question, each with the weight of the most telling choice."""
    chosen: dict[str, float] = {}
    for event in question.events:
        if weight := WEIGHTS.get(event.action):
            chosen[event.object_id] = max(weight, chosen.get(event.object_id, 0.0))
    return chosen


def _objects(
    looks: Mapping[tuple[str, int], float], choices: Mapping[tuple[str, int], float], k: int
) -> dict[str, Sum]:
    sums: dict[str, Sum] = defaultdict(Sum)
    for (id, browser), look in looks.items():
        sums[id] += Sum(1.0, look, choices[id, browser])
    return {id: one for id, one in sums.items() if one.browsers >= k}


def _curve(
    groups: Mapping[tuple[int, str], Sequence[Look]], browsers: Mapping[tuple[int, str], set[int]], k: int
) -> tuple[float, ...]:
    telling = {
        key: looks
        for key, looks in groups.items()
        if any(look.clicked for look in looks) and len({look.place for look in looks}) > 1
    }
    if len(set().union(*(browsers[key] for key in telling))) < k:
        return (0.0,) * len(STEPS)
    return tuple(float(each) for each in likelihoods(telling.values()))
