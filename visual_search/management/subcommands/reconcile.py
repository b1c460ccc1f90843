"""`manage.py visual_search reconcile`: make index and database agree again."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from tqdm import tqdm

from visual_search import reconciling
from visual_search.errors import ConfigurationError
from visual_search.management.failures import show_failures, show_stand_ins
from visual_search.management.tables import TablesCommand


class Command(TablesCommand):
    help = (
        "Finish what a crash or an outage left, add objects that have no entry, remove documents whose object is gone, "
        "and take up pictures that came back. "
        "May be run at any time; a second run finds nothing to do."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--collection", help="only this one; default: all")
        parser.add_argument(
            "--deep",
            action="store_true",
            help="read every object and index again those whose texts, facets, codes or pictures differ from what was "
            "indexed, however they were changed",
        )

    def handle(self, *args: Any, collection: str | None = None, deep: bool = False, **options: Any) -> None:
        quiet = options["verbosity"] == 0 or not self.stderr.isatty()
        with tqdm(unit=" objects", desc="Indexing", disable=quiet, leave=False) as bar:
            try:
                results = reconciling.reconcile(collection, deep=deep, progress=bar.update)
            except ConfigurationError as problem:
                raise CommandError(str(problem)) from problem
        if not results:
            raise CommandError("No source is registered: write a search.py (docs/tutorial/your-own-shop.md).")
        for name, result in results.items():
            outcome = result.outcome
            if options["verbosity"] > 0:
                differing = f", {result.differing} whose content differed" if deep else ""
                self.stdout.write(
                    f"{name}: {outcome.indexed} indexed, {outcome.removed} removed, {outcome.failed} failed "
                    f"(found {result.missing} without an entry, {result.vanished} whose object is gone, "
                    f"{result.healed} whose picture came back, "
                    f"{result.drifted} that differed in the index{differing})."
                )
            show_failures(self, name)
            show_stand_ins(self, name)
        if stopped := [result.outcome.stopped for result in results.values() if result.outcome.stopped]:
            raise CommandError(f"Stopped early: {stopped[0]} The entries stay in the outbox.")
