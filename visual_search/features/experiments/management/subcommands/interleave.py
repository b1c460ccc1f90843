"""`manage.py visual_search interleave`: starts, shows and stops an experiment."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from visual_search.errors import VisualSearchError
from visual_search.features.experiments import options, running
from visual_search.features.experiments.deciding import MOST_DAYS, SHARE, STOP_AT, Guard, Outcome
from visual_search.features.experiments.figures import Figures, figures
from visual_search.features.experiments.models import Experiment, Kind, Status
from visual_search.management.tables import TablesCommand

SHOPS = "the shop's own"
OUTCOMES = {
    Outcome.A: "A is liked more. Keep it.",
    Outcome.B: "B is liked more. Put it into VISUAL_SEARCH['RESCORERS'].",
    Outcome.GUARD: "A guard-rail stopped it",
    Outcome.UNDECIDED: "Its days are over, and neither is surely liked more.",
    Outcome.BY_HAND: "It was stopped by hand.",
}
RAILS = {
    Guard.ZERO: "found nothing close",
    Guard.SLOW: "took longer than the limit",
    Guard.BASKETS: "led to a basket",
}


class Command(TablesCommand):
    help = "Try a ranking against the shop's own on real questions: start, status, stop. One at a time."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["start", "status", "stop"], help="what to do")
        parser.add_argument("ranking", nargs="?", default="", help="for start: B, a name in EXPERIMENT_RANKINGS")
        parser.add_argument(
            "--rules",
            action="store_true",
            help="RANKING is the name of a variant whose rules are tried, by question and day, in place of a ranking",
        )
        parser.add_argument("--against", default="", help="A, by default the shop's own ranking")
        parser.add_argument(
            "--share", type=float, default=SHARE, help=f"of the answers that take part (default {SHARE})"
        )
        parser.add_argument("--days", type=int, default=MOST_DAYS, help=f"at most (default {MOST_DAYS})")
        parser.add_argument(
            "--slow-ms",
            type=float,
            default=running.SLOW_MS,
            help=f"an answer that takes longer is slow; 5 %% may be (default {running.SLOW_MS:.0f})",
        )

    def handle(self, *, action: str, ranking: str, **given: Any) -> None:
        try:
            if action == "start":
                self._start(ranking, given)
            elif action == "stop":
                self._stop()
            else:
                self._status()
        except VisualSearchError as error:
            raise CommandError(str(error)) from error

    def _start(self, ranking: str, given: dict[str, Any]) -> None:
        if not ranking:
            raise CommandError(
                f"Name the ranking to try: {', '.join(options.names()) or 'EXPERIMENT_RANKINGS has none'}."
            )
        experiment = running.start(
            ranking,
            a=given["against"],
            kind=Kind.ARMS if given["rules"] else Kind.INTERLEAVE,
            share=given["share"],
            most_days=given["days"],
            slow_ms=given["slow_ms"],
            author="command line",
        )
        self.stdout.write(
            f"Experiment {experiment.pk} runs: A is {experiment.a or SHOPS}, B is {experiment.b}, "
            f"{_part(experiment)}, {experiment.most_days} days at most. "
            "Votes are counted when a day (UTC) is sealed."
        )

    def _stop(self) -> None:
        experiment = Experiment.objects.filter(status=Status.RUNNING).first()
        if experiment is None:
            raise CommandError("No experiment is running.")
        running.stop(experiment)
        self.stdout.write(f"Experiment {experiment.pk} is stopped; all shoppers see the shop's ranking.")

    def _status(self) -> None:
        experiment = Experiment.objects.first()
        if experiment is None:
            self.stdout.write("There was no experiment yet. Start one: visual_search interleave start RANKING")
            return
        self.stdout.write("\n".join(lines(figures(experiment))))


def _part(experiment: Experiment) -> str:
    if experiment.kind == Kind.ARMS:
        return "half of the questions of each day"
    return f"{experiment.share:.0%} of the answers"


def lines(shown: Figures) -> list[str]:
    """The figures as a person reads them."""
    experiment, votes = shown.experiment, shown.votes
    until = f" to {shown.last_date}" if shown.last_date else ""
    state = "running" if experiment.status == Status.RUNNING else "stopped"
    told = [
        f"Experiment {experiment.pk}, {state}, from {shown.first_date}{until} (UTC)",
        f"  A: {experiment.a or SHOPS}    B: {experiment.b}",
        f"  votes: {votes.wins_a} for A, {votes.wins_b} for B, {votes.ties} ties",
    ]
    if shown.share_b is not None and shown.interval is not None:
        low, high = shown.interval
        told.append(f"  share of B: {shown.share_b:.0%}, 95 % interval {low:.0%} to {high:.0%}")
    told.append(f"  e-value: {shown.verdict.e_value:.2f}; {STOP_AT:.0f} ends it")
    told += [
        f"  {RAILS[rail.guard]}: {_percent(rail.here)}, compared with {_percent(rail.other)}" for rail in shown.rails
    ]
    told += [
        f"  {day.date}  A {day.votes.wins_a:>4}  B {day.votes.wins_b:>4}  e {day.e_value:.2f}" for day in shown.days
    ]
    if experiment.outcome:
        why = f": more {RAILS[Guard(experiment.broken)]}." if experiment.outcome == Outcome.GUARD else ""
        if experiment.broken == Guard.BASKETS:
            why = f": fewer {RAILS[Guard.BASKETS]}."
        told.append(f"  {OUTCOMES[Outcome(experiment.outcome)]}{why}")
    return told


def _percent(rate: float | None) -> str:
    return "too few answers" if rate is None else f"{rate:.1%}"
