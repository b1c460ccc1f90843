"""`manage.py visual_search import_links FILE`: the owner's links between products, from a table."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from visual_search import registry
from visual_search.errors import VisualSearchError
from visual_search.features.recommendations import linking
from visual_search.management.tables import TablesCommand


class Command(TablesCommand):
    help = f"Keep the links of a CSV file ({', '.join(linking.COLUMNS)}); products stand there by id or code."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--collection", help="by default the shop's products")

    def handle(self, *args: Any, file: Path, collection: str | None = None, **options: Any) -> None:
        try:
            name = registry.source(collection).collection if collection else registry.default()
            taken = linking.take(name, file.read_bytes())
        except (VisualSearchError, OSError) as problem:
            raise CommandError(str(problem)) from problem
        for fault in taken.faults:
            self.stderr.write(f"left out: {fault}")
        if options["verbosity"] > 0:
            self.stdout.write(f"{taken.new} new, {taken.changed} changed, {taken.same} as before.")
