"""Starts an experiment, counts each sealed day of it, and stops it when its votes or its guard-rails say so."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet, Sum

from visual_search.errors import VisualSearchError
from visual_search.features.experiments import current, options, teams
from visual_search.features.experiments.deciding import LEAST_ANSWERS, MOST_DAYS, SHARE, Outcome, Verdict, judged
from visual_search.features.experiments.drafting import Team
from visual_search.features.experiments.models import Experiment, ExperimentDay, Kind, Status, UsualDay
from visual_search.features.experiments.voting import Rates, Votes, arm_votes, rates, votes
from visual_search.privacy.keys import DAY_SECONDS
from visual_search.types import SealedQuestion

SLOW_MS = 1_000.0  # an answer that takes longer is felt as a wait (Nielsen, 1993)
USUAL_DAYS = 28  # before it began, with which an experiment is compared
KEPT_DAYS = USUAL_DAYS + MOST_DAYS + 1  # of usual days: those before an experiment that runs as long as it may
FIELDS = ("answers", "zero", "slow", "baskets")

clock = time.time  # Tests put another one here.


class CannotBeTried(VisualSearchError):
    """Why an experiment can't be started. The command says it; the form in the admin refuses the same in the page's language."""

    code = "cannot_be_tried"


def today() -> int:
    """The number of the day (UTC) since 1970."""
    return int(clock() // DAY_SECONDS)


def start(
    b: str,
    *,
    a: str = "",
    kind: Kind = Kind.INTERLEAVE,
    share: float = SHARE,
    most_days: int = MOST_DAYS,
    slow_ms: float = SLOW_MS,
    author: str = "",
) -> Experiment:
    """Start an experiment. Raises CannotBeTried, in words, for what can't be tried, and while another one runs."""
    if kind is Kind.ARMS:
        _refuse_variant(a, b)
    for name, given in (("a", a), ("b", b)) if kind is Kind.INTERLEAVE else ():
        if given != options.SHOPS_OWN and given not in options.names():
            raise CannotBeTried(
                f"{name} is '{given[:80]}'; it must be one of the rankings in EXPERIMENT_RANKINGS: "
                f"{', '.join(options.names()) or 'none is set'}.",
            )
    if a == b:
        raise CannotBeTried(f"a and b are both '{b}'; two different rankings can be compared.")
    if not (math.isfinite(share) and 0 < share <= 1):
        raise CannotBeTried(f"share is {share}; it must be above 0 and at most 1.")
    if not 1 <= most_days <= MOST_DAYS:
        raise CannotBeTried(f"days is {most_days}; it must be from 1 to {MOST_DAYS}.")
    if not (math.isfinite(slow_ms) and slow_ms > 0):
        raise CannotBeTried(f"slow_ms is {slow_ms}; it must be above 0 milliseconds.")
    for name in filter(None, (a, b)) if kind is Kind.INTERLEAVE else ():
        options.ranking(name)  # A wrong path is told now, and not by each answer.
    try:
        with transaction.atomic():
            experiment = Experiment.objects.create(
                kind=kind,
                a=a,
                b=b,
                share=share,
                most_days=most_days,
                guards={"slow_ms": slow_ms},
                first_day=today(),
                author=author,
            )
    except IntegrityError:
        raise CannotBeTried(
            "Another experiment is running, and two at once would change each other's lists. Stop it first."
        ) from None
    current.forget()
    return experiment


def _refuse_variant(a: str, b: str) -> None:
    if a:
        raise CannotBeTried(f"a is '{a[:80]}'; arm A is the shop as it is, so it has no name.")
    if not b.strip() or len(b) > options.LONGEST_NAME:
        raise CannotBeTried(f"b is '{b[:80]}'; it is the name of a variant, of 1 to {options.LONGEST_NAME} characters.")


def stop(experiment: Experiment, outcome: Outcome = Outcome.BY_HAND, *, broken: str = "") -> bool:
    """Stop it: from now on all shoppers see the shop's ranking. False where it was stopped already."""
    stopped = Experiment.objects.filter(pk=experiment.pk, status=Status.RUNNING).update(
        status=Status.STOPPED, outcome=outcome, broken=broken, last_day=today()
    )
    current.forget()
    return bool(stopped)


def count(day: int, questions: Sequence[SealedQuestion]) -> None:
    """Count a day that is being sealed, within its transaction, and stop what has to be stopped."""
    noted = [(teams.read(question.notes), question) for question in questions]
    with transaction.atomic():
        _count_usual(day, [question for note, question in noted if note is None and _could_be_tried(question)])
        ids = {note.experiment for note, _ in noted if note is not None}
        for experiment in Experiment.objects.select_for_update().filter(pk__in=ids):
            own = [(note, question) for note, question in noted if note and note.experiment == experiment.pk]
            _count_tried(
                experiment,
                day,
                tried=[question for note, question in own if not _aside(note)],
                control=[question for note, question in own if _aside(note)],
            )
        # Days pass also where nobody asks.
        for experiment in Experiment.objects.filter(status=Status.RUNNING):
            verdict = verdict_of(experiment, day=day)
            if verdict.outcome is not None:
                stop(experiment, verdict.outcome, broken=verdict.broken or "")
        UsualDay.objects.filter(day__lt=day - KEPT_DAYS).delete()


def verdict_of(experiment: Experiment, *, day: int | None = None) -> Verdict:
    """Where it stands after this day, by default after the last one that was counted."""
    last = experiment.days.order_by("-day").values_list("day", flat=True).first() if day is None else day
    return judged(
        votes_of(experiment),
        during(experiment),
        compared(experiment),
        days=0 if last is None else last - experiment.first_day + 1,
        most_days=experiment.most_days,
    )


def votes_of(experiment: Experiment) -> Votes:
    """All votes so far."""
    return Votes(**_sums(experiment.days.all(), {name: name for name in ("wins_a", "wins_b", "ties")}))


def during(experiment: Experiment) -> Rates:
    """The answers that took part."""
    return Rates(**_sums(experiment.days.all(), {name: name for name in FIELDS}))


def compared(experiment: Experiment) -> Rates:
    """What they are compared with: the control, or where it is too small yet, the four weeks before it began."""
    control = Rates(**_sums(experiment.days.all(), {name: f"control_{name}" for name in FIELDS}))
    if control.answers >= LEAST_ANSWERS:
        return control
    days = UsualDay.objects.filter(day__lt=experiment.first_day, day__gte=experiment.first_day - USUAL_DAYS)
    return Rates(**_sums(days, {name: name for name in FIELDS}))


def _sums(days: QuerySet[Any], columns: Mapping[str, str]) -> dict[str, int]:
    sums = days.order_by().aggregate(**{f"sum_{name}": Sum(column) for name, column in columns.items()})
    return {name: sums[f"sum_{name}"] or 0 for name in columns}


def _aside(note: teams.Noted) -> bool:
    """Whether the answer shows the shop as it is: what is tried is compared with these."""
    return note.control or note.arm is Team.A


def _could_be_tried(question: SealedQuestion) -> bool:
    """Whether an experiment might have changed its order, as far as a sealed question says so."""
    return question.kind != "browse" and "sorted" not in question.refinements


def _count_usual(day: int, questions: Sequence[SealedQuestion]) -> None:
    if questions:
        UsualDay.objects.get_or_create(day=day)
        UsualDay.objects.filter(day=day).update(**_added(rates(questions, slow_ms=SLOW_MS)))


def _count_tried(
    experiment: Experiment, day: int, *, tried: Sequence[SealedQuestion], control: Sequence[SealedQuestion]
) -> None:
    if experiment.kind == Kind.ARMS:
        cast = arm_votes([*tried, *control], experiment.pk, random.SystemRandom())
    else:
        cast = votes(tried, experiment.pk)
    slow_ms = experiment.guards.get("slow_ms", SLOW_MS)
    ExperimentDay.objects.get_or_create(experiment=experiment, day=day)
    ExperimentDay.objects.filter(experiment=experiment, day=day).update(
        wins_a=F("wins_a") + cast.wins_a,
        wins_b=F("wins_b") + cast.wins_b,
        ties=F("ties") + cast.ties,
        **_added(rates(tried, slow_ms=slow_ms)),
        **_added(rates(control, slow_ms=slow_ms), "control_"),
    )


def _added(counted: Rates, prefix: str = "") -> dict[str, Any]:
    return {prefix + name: F(prefix + name) + getattr(counted, name) for name in FIELDS}
