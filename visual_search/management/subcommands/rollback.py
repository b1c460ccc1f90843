"""`manage.py visual_search rollback`: the index before the last rebuild comes back."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from visual_search import rebuilding, registry
from visual_search.errors import VisualSearchError
from visual_search.management.tables import TablesCommand


class Command(TablesCommand):
    help = "Swap the index from before the last rebuild back in, and bring it up to date. Run twice, it undoes itself."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--collection", help="which; default: the products")

    def handle(self, *args: Any, collection: str | None = None, **options: Any) -> None:
        try:
            collection = collection or registry.default()
            index, result = rebuilding.rollback(collection)
        except VisualSearchError as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(f"{collection}: {index} is in use again.")
        if result.outcome.stopped:
            raise CommandError(
                f"It isn't up to date: {result.outcome.stopped} If it was made for another encoder, put the earlier "
                "settings back and run `manage.py visual_search reconcile`."
            )
        self.stdout.write(f"  {result.drifted} objects differed and were indexed again.")
