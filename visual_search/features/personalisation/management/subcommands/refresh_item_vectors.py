"""`manage.py visual_search refresh_item_vectors`: brings the vectors that personal order compares up to date with the index."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from visual_search import registry
from visual_search.errors import VisualSearchError
from visual_search.features.personalisation import item_vectors
from visual_search.management.tables import TablesCommand


class Command(TablesCommand):
    help = "Make the vectors that personal order compares, for all objects that the index holds in a newer version."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--collection", help="only this one; default: all")

    def handle(self, *args: Any, collection: str | None = None, **options: Any) -> None:
        try:
            names = (
                [registry.source(collection).collection] if collection else [s.collection for s in registry.sources()]
            )
            for name in names:
                made = item_vectors.refresh(name)
                if options["verbosity"] > 0:
                    self.stdout.write(f"{name}: {made} made anew.")
        except VisualSearchError as problem:
            raise CommandError(str(problem)) from problem
