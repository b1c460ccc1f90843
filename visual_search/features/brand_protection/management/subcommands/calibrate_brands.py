"""`manage.py visual_search calibrate_brands`: levels for the shop's own gallery."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from tqdm import tqdm

from visual_search.errors import BadInput
from visual_search.features.brand_protection import calibrating
from visual_search.management.tables import TablesCommand


class Command(TablesCommand):
    help = "Alter some genuine pictures in 23 ways, and choose the levels at which one stranger in a hundred is found."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--pictures", type=int, default=40, help="so many are altered (40: some ten minutes)")
        parser.add_argument("--dry-run", action="store_true", help="print the levels, and keep those that hold")

    def handle(self, *args: Any, pictures: int, dry_run: bool, **options: Any) -> None:
        quiet = options["verbosity"] == 0 or not sys.stderr.isatty()
        try:
            with tqdm(unit="picture", disable=quiet, leave=False) as bar:
                learned = calibrating.learn(pictures, progress=bar.update)
        except BadInput as problem:
            raise CommandError(str(problem)) from problem
        if not dry_run:
            calibrating.keep(learned)
        if options["verbosity"] > 0:
            self.stdout.write(
                f"{learned.levels.inliers} points, cosine {learned.levels.cosine:.3f}: {learned.recall:.1%} of the altered "
                f"pictures are found, with {learned.false_alarms:.1%} false alarms, learned from {learned.pictures} pictures."
            )
