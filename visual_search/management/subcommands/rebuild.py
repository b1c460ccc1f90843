"""`manage.py visual_search rebuild`: a new index beside the live one, swapped in at the end."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from tqdm import tqdm

from visual_search import rebuilding, registry
from visual_search.engines.recall import RECALL_DEPTH
from visual_search.errors import VisualSearchError
from visual_search.management.failures import show_stand_ins
from visual_search.management.tables import TablesCommand


class Command(TablesCommand):
    help = (
        "Fill a new index from the database and swap it in. Searches and saves go on meanwhile. "
        "Needed after a change of encoder, facets or languages. "
        "The new index is not taken where too many objects fail or are lacking (REBUILD_FAILURES_MAX, REBUILD_SHRINK_MAX). "
        "Exit code 0: the new index is in use; failures below the limit are named. 1: it was not taken, or it is in use "
        "and something is wrong with it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--collection", help="only this one; default: all")
        parser.add_argument("--force", action="store_true", help="take the new index however many objects fail or lack")

    def handle(self, *args: Any, collection: str | None = None, **options: Any) -> None:
        names = [collection] if collection else [source.collection for source in registry.sources()]
        if not names:
            raise CommandError("No source is registered: write a search.py (docs/tutorial/your-own-shop.md).")
        problems = [problem for name in names for problem in self._rebuild(name, options)]
        if problems:
            raise CommandError("The new index is in use, but: " + " ".join(problems))

    def _rebuild(self, name: str, options: dict[str, Any]) -> list[str]:
        verbosity = options["verbosity"]
        quiet = verbosity == 0 or not self.stderr.isatty()
        try:
            total = registry.source(name).queryset().count()
            with tqdm(total=total, unit=" objects", desc=name, disable=quiet, leave=False) as bar:
                rebuilt = rebuilding.rebuild(name, progress=bar.update, force=options["force"])
        except rebuilding.RebuildRefused as problem:
            self._show([str(problem.tally)], problem.tally, where="")
            raise CommandError(f"'{name}' was not rebuilt, the index stays as it was: {problem}") from problem
        except VisualSearchError as problem:
            raise CommandError(f"'{name}' was not rebuilt, the index stays as it was: {problem}") from problem
        report = rebuilt.report
        if verbosity > 0:
            self.stdout.write(
                f"{name}: {report.documents} documents of {total} objects in {report.seconds:.1f} s "
                f"({rebuilt.replayed} saved meanwhile)."
            )
            self.stdout.write(f"  {rebuilt.tally}")
            if rebuilt.recall is not None:
                self.stdout.write(f"  recall@{RECALL_DEPTH} of the sample: {rebuilt.recall:.3f}")
            if rebuilt.fitted:
                self.stdout.write(f"  words to pictures learned from {rebuilt.fitted} titles")
            self.stdout.write(f"  new index: {report.index}; old index: {report.previous or 'none'}")
            if report.previous:
                self.stdout.write(f"  to go back: manage.py visual_search rollback --collection {name}")
        self._show([], rebuilt.tally, where="; see the admin")
        show_stand_ins(self, name)
        return [f"{name}: {problem}" for problem in rebuilt.problems]

    def _show(self, head: list[str], tally: rebuilding.Tally, *, where: str) -> None:
        lines = [*head, *tally.first_reasons]
        if (more := len(tally.failures) + len(tally.lost) - len(tally.first_reasons)) > 0:
            lines.append(f"... and {more} more{where}.")
        for line in lines:
            self.stderr.write(self.style.WARNING(f"  {line}"))
