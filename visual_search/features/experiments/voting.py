"""Votes of a sealed day: one for each client and question, for the team whose hits were put into the basket, or else clicked."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from fractions import Fraction

from visual_search.features.experiments import teams
from visual_search.features.experiments.drafting import Team
from visual_search.types import Found, SealedQuestion

BASKET = ("basket", "purchase")
CLICK = ("click",)
MISSED = (Found.NOTHING, Found.NOTHING_CLOSE)


@dataclass(frozen=True, slots=True)
class Rates:
    """What the guard-rails look at, of so many answers: found nothing close, took long, led to a basket."""

    answers: int = 0
    zero: int = 0
    slow: int = 0
    baskets: int = 0

    def __add__(self, other: Rates) -> Rates:
        return Rates(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))


@dataclass(frozen=True, slots=True)
class Votes:
    """How many votes each ranking got; in a tie both were chosen alike."""

    wins_a: int = 0
    wins_b: int = 0
    ties: int = 0


def votes(questions: Iterable[SealedQuestion], experiment: int) -> Votes:
    """The votes of this day. Whoever asks the same again and again, or clicks a hundred times, has one vote all the same."""
    chosen: dict[tuple[int, int | str], dict[str, set[tuple[str, Team]]]] = defaultdict(lambda: defaultdict(set))
    for question in questions:
        noted = teams.read(question.notes)
        if noted is None or noted.experiment != experiment:
            continue
        # The pages of one photo's answer are one question, though it has no words.
        asked = noted.answer if question.words is None else question.words
        for event in question.events:
            team = noted.team(event.object_id)
            if team is not None:
                kind = "basket" if event.action in BASKET else "click" if event.action in CLICK else ""
                chosen[question.client, asked][kind].add((event.object_id, team))
    tally = {-1: 0, 0: 0, 1: 0}
    for done in chosen.values():
        leads = [_lead(done[kind]) for kind in ("basket", "click")]
        if done["basket"] or done["click"]:
            tally[leads[0] or leads[1]] += 1
    return Votes(wins_a=tally[-1], wins_b=tally[1], ties=tally[0])


def arm_votes(questions: Iterable[SealedQuestion], experiment: int, dice: random.Random) -> Votes:
    """Votes of arms: questions of arm A and of arm B are paired by chance, and the one after which a greater share of its
    clients put something into the basket, or else clicked, has the pair's vote.

    Which of two questions is of which arm was a fair coin. So without a difference each has the vote as often, however much
    questions differ, and a pair is one vote, however many ask.
    """
    asked: dict[tuple[Team, int], dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for question in questions:
        noted = teams.read(question.notes)
        if noted is None or noted.experiment != experiment or noted.arm is None or question.words is None:
            continue
        done = asked[noted.arm, question.words][question.client]
        done.update(event.action for event in question.events)
    sides = {team: sorted(words for (arm, words) in asked if arm is team) for team in (Team.A, Team.B)}
    for side in sides.values():
        dice.shuffle(side)
    tally = {-1: 0, 0: 0, 1: 0}
    for one, other in zip(sides[Team.A], sides[Team.B], strict=False):
        shares = [_shares(asked[Team.A, one].values()), _shares(asked[Team.B, other].values())]
        if shares != [(0, 0), (0, 0)]:
            tally[(shares[1] > shares[0]) - (shares[1] < shares[0])] += 1
    return Votes(wins_a=tally[-1], wins_b=tally[1], ties=tally[0])


def _shares(clients: Collection[Collection[str]]) -> tuple[Fraction, Fraction]:
    """Which share of the clients put something into the basket, and which clicked; exact, so that equal ones are equal."""
    basket, click = (sum(any(action in kind for action in done) for done in clients) for kind in (BASKET, CLICK))
    return Fraction(basket, len(clients)), Fraction(click, len(clients))


def _lead(hits: Iterable[tuple[str, Team]]) -> int:
    """1 where more of the hits are of team B, -1 of A, 0 where as many are."""
    balance = sum(1 if team is Team.B else -1 for _, team in hits)
    return (balance > 0) - (balance < 0)


def rates(questions: Sequence[SealedQuestion], *, slow_ms: float) -> Rates:
    """What the guard-rails look at, of these questions."""
    return Rates(
        answers=len(questions),
        zero=sum(question.found in MISSED for question in questions),
        slow=sum(question.took_ms > slow_ms for question in questions),
        baskets=sum(any(event.action in BASKET for event in question.events) for question in questions),
    )
