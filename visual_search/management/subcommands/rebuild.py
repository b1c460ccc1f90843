"""`manage.py visual_search rebuild`: a new index beside the live one, swapped in at the end."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from tqdm import tqdm

from visual_search import rebuilding, registry
from visual_search.engines.recall import RECALL_DEPTH
from visual_search.errors import VisualSearchError
from visual_search.management.tables import TablesCommand


class Command(TablesCommand):
    help = (
        "Fill a new index from the database and swap it in. Searches and saves go on meanwhile. "
        "Needed after a change of encoder, facets or languages."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--collection", help="only this one; default: all")

    def handle(self, *args: Any, collection: str | None = None, **options: Any) -> None:
        names = [collection] if collection else [source.collection for source in registry.sources()]
        if not names:
            raise CommandError("No source is registered: write a search.py (docs/tutorial/your-own-shop.md).")
        problems = [problem for name in names for problem in self._rebuild(name, options["verbosity"])]
        if problems:
            raise CommandError("The new index is in use, but: " + " ".join(problems))

    def _rebuild(self, name: str, verbosity: int) -> list[str]:
        quiet = verbosity == 0 or not self.stderr.isatty()
        try:
            total = registry.source(name).queryset().count()
            with tqdm(total=total, unit=" objects", desc=name, disable=quiet, leave=False) as bar:
                rebuilt = rebuilding.rebuild(name, progress=bar.update)
        except VisualSearchError as problem:
            raise CommandError(f"'{name}' was not rebuilt, the index stays as it was: {problem}") from problem
        report = rebuilt.report
        if verbosity > 0:
            self.stdout.write(
                f"{name}: {report.documents} documents of {total} objects in {report.seconds:.1f} s "
                f"({rebuilt.replayed} saved meanwhile)."
            )
            if rebuilt.recall is not None:
                self.stdout.write(f"  recall@{RECALL_DEPTH} of the sample: {rebuilt.recall:.3f}")
            if rebuilt.fitted:
                self.stdout.write(f"  words to pictures learned from {rebuilt.fitted} titles")
            self.stdout.write(f"  new index: {report.index}; old index: {report.previous or 'none'}")
            if report.previous:
                self.stdout.write(f"  to go back: manage.py visual_search rollback --collection {name}")
        for id, reason in list(rebuilt.failures.items())[:5]:
            self.stderr.write(self.style.WARNING(f"  {id}: {reason}"))
        if len(rebuilt.failures) > 5:
            self.stderr.write(self.style.WARNING(f"  ... and {len(rebuilt.failures) - 5} more; see the admin."))
        return [f"{name}: {problem}" for problem in rebuilt.problems]
