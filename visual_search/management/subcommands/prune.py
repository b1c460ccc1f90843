"""`manage.py visual_search prune`: remove what only former encoders and readers made."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from tqdm import tqdm

from visual_search.conf import conf
from visual_search.content import pruning
from visual_search.errors import VisualSearchError
from visual_search.management.tables import TablesCommand


class Command(TablesCommand):
    help = (
        "Remove stored vectors, readings and grades of encoders and readers that nobody has used for a while. Those of "
        "the settings and of live indexes stay. Also on the schedule of Celery beat, once a day."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--days", type=float, default=None, help=f"unused for so many days (UNUSED_DAYS: {conf.UNUSED_DAYS})"
        )
        parser.add_argument("--dry-run", action="store_true", help="only say what would be removed")

    def handle(self, *args: Any, days: float | None, dry_run: bool, **options: Any) -> None:
        if days is not None and not 0 <= days <= 36_500:
            raise CommandError(f"--days is {days:g}; it must lie between 0 and 36500.")
        quiet = options["verbosity"] == 0 or not self.stderr.isatty()
        try:
            with tqdm(unit=" rows", desc="Removing", disable=quiet, leave=False) as bar:
                pruned = pruning.prune(days, dry_run=dry_run, progress=bar.update)
        except VisualSearchError as problem:
            raise CommandError(f"Nothing was removed: {problem}") from problem
        if options["verbosity"] == 0:
            return
        for maker, counts in pruned.removed.items():
            rows = ", ".join(f"{count} {kind}" for kind, count in counts.items())
            self.stdout.write(f"{'Would remove' if dry_run else 'Removed'} {rows} of {maker}")
        for maker, until in pruned.waiting.items():
            self.stdout.write(f"Out of use, kept until {until:%Y-%m-%d}: {maker}")
        if not pruned.removed:
            self.stdout.write("There is nothing to remove.")
