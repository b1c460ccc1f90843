"""Learn the similarity of the shop's pictures, and rebuild the indexes with it."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from tqdm import tqdm

from visual_search import registry
from visual_search.errors import VisualSearchError
from visual_search.learning.similarity import MOST_PICTURES, refit_similarity
from visual_search.management.tables import TablesCommand


class Command(TablesCommand):
    help = (
        "Learns the metric of the WhitenedEncoder from the shop's own pictures and rebuilds the indexes where it moved. "
        "Searches go on meanwhile. Also on the schedule of Celery beat, once a day."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--collection", help="whose pictures to learn from; default: the products")
        parser.add_argument("--most", type=int, default=MOST_PICTURES, help="at most so many pictures, evenly spread")
        parser.add_argument("--always", action="store_true", help="take the new metric also where it hardly moved")

    def handle(self, *, collection: str | None = None, most: int, always: bool, **options: Any) -> None:
        if most < 2:
            raise CommandError(f"--most is {most}; it must be 2 or more.")
        try:
            with tqdm(desc="Learning", unit="product", disable=not sys.stderr.isatty(), leave=False) as bar:
                refitted = refit_similarity(
                    collection or registry.default(), most=most, always=always, advanced=bar.update
                )
        except (VisualSearchError, ValueError) as problem:
            raise CommandError(f"The similarity stays as it was: {problem}") from problem
        said = "the first one" if refitted.agreement is None else f"mean cosine to the former {refitted.agreement:.4f}"
        self.stdout.write(f"Learned from {refitted.pictures} pictures; {said}.")
        if refitted.rebuilt is None:
            self.stdout.write("It hardly moved, so it was left as it is (--always takes it nevertheless).")
            return
        for one in refitted.rebuilt:
            self.stdout.write(f"Rebuilt '{one.report.index}': {one.report.documents} documents.")
        if problems := [problem for one in refitted.rebuilt for problem in one.problems]:
            raise CommandError("The new indexes are in use, but: " + " ".join(problems))
