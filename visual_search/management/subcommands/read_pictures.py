"""`manage.py visual_search read_pictures`: reads the catalogue's pictures now instead of in the background."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from tqdm import tqdm

from visual_search import indexing
from visual_search.content import readings
from visual_search.errors import VisualSearchError
from visual_search.management.failures import show_failures
from visual_search.management.tables import TablesCommand


class Command(TablesCommand):
    help = (
        "Read what stands on the catalogue's pictures and index it. A serving process and Celery do this by themselves, "
        "soon after an object was indexed; by hand it is done at once, as after an import. May be stopped at any time."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say how many pictures wait")

    def handle(self, *args: Any, dry_run: bool = False, **options: Any) -> None:
        try:
            total = readings.waiting()
            if dry_run:
                self.stdout.write(f"{total} pictures wait to be read.")
                return
            quiet = options["verbosity"] == 0 or not self.stderr.isatty()
            with tqdm(total=total, unit=" pictures", desc="Reading", disable=quiet, leave=False) as bar:
                pictures_read = readings.see_pending(progress=bar.update)
            outcome = indexing.index_pending()
        except VisualSearchError as problem:
            raise CommandError(str(problem)) from problem
        if options["verbosity"] > 0:
            self.stdout.write(f"{pictures_read} pictures read; {outcome.indexed} objects have text on their pictures.")
        if outcome.failed:
            self.stderr.write(self.style.WARNING(f"{outcome.failed} objects were left as they were in the index:"))
            show_failures(self)
        if outcome.stopped:
            raise CommandError(f"Stopped early: {outcome.stopped} The entries stay in the outbox.")
        waiting = readings.waiting()
        if waiting and readings.others_look():
            self.stderr.write(f"{waiting} pictures wait: another process reads them now.")
        elif waiting:
            self.stderr.write(self.style.WARNING(f"{waiting} pictures couldn't be loaded and wait for the next time."))
