"""`manage.py visual_search calibrate`: learn from the shop's pictures which cosines mean the same item, or a similar one."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from tqdm import tqdm

from visual_search import registry
from visual_search.errors import BadInput, VisualSearchError
from visual_search.learning import calibrating
from visual_search.management.tables import TablesCommand
from visual_search.ranking.calibration import Limits, Rates
from visual_search.ranking.text_scales import LEGS
from visual_search.types import LegKind


class Command(TablesCommand):
    help = (
        "Ask synthetic photos of the shop's own objects and words of their titles, and learn what cosines are worth: the "
        "grades of hits, what belongs to the results, and when nothing is close. Run it after the first indexing and after a "
        "change of encoder; Celery beat does so every night."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--collection", default=None, help="only this collection; all by default")
        parser.add_argument(
            "--objects",
            type=int,
            default=calibrating.MOST_OBJECTS,
            help="ask photos of at most so many objects (%(default)s)",
        )

    def handle(self, *args: Any, collection: str | None, objects: int, **options: Any) -> None:
        if objects < 1:
            raise CommandError(f"--objects is {objects}; it must be 1 or more.")
        try:
            if collection:
                self._learn(registry.source(collection).collection, objects, options["verbosity"])
                return
            for source in registry.sources():
                try:
                    self._learn(source.collection, objects, options["verbosity"])
                except BadInput as problem:
                    # A small collection, such as one of help articles, holds up no other.
                    self.stderr.write(str(problem))
        except VisualSearchError as problem:
            raise CommandError(str(problem)) from problem

    def _learn(self, name: str, objects: int, verbosity: int) -> None:
        quiet = verbosity == 0 or not self.stderr.isatty()
        total = objects + calibrating.MOST_TITLES
        with tqdm(total=total, unit=" objects", desc=name, disable=quiet, leave=False) as bar:
            learned = calibrating.learn(name, most=objects, progress=bar.update)
        if verbosity > 0:
            for picture, limits in learned.limits.items():
                self._show(name, picture, limits)
            for leg, scale in learned.texts.items():
                self.stdout.write(f"{name}, {LEGS[LegKind(leg)]}: {scale.said()}")

    def _show(self, collection: str, picture: str, limits: Limits) -> None:
        begins = (("same item", limits.same), ("very similar", limits.very_similar), ("similar style", limits.similar))
        said_of = (f"{name} never" if least > 1 else f"{name} from cosine {least:.2f}" for name, least in begins)
        self.stdout.write(f"{collection}, {picture} pictures: {', '.join(said_of)}")
        if limits.rates:
            self.stdout.write(f"  {said(limits.rates)}")


def said(rates: Rates) -> str:
    """The error rates in words."""
    wrong = (
        ("same item", rates.same_wrong),
        ("very similar", rates.very_similar_wrong),
        ("similar style", rates.similar_wrong),
    )
    parts = [f"{name} {rate:.0%}" for name, rate in wrong if rate is not None]
    sentence = f"Wrong in {rates.probes} synthetic photos: {', '.join(parts) or 'no grade was given'}; nothing close "
    sentence += f"{rates.nothing_wrong:.0%}"
    return sentence + (
        f" (right {rates.nothing_right:.0%} without the department)" if rates.nothing_right is not None else ""
    )
