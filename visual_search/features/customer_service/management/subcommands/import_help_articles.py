"""`manage.py visual_search import_help_articles FILE`: articles of a JSON file."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from visual_search.errors import VisualSearchError
from visual_search.features.customer_service import importing
from visual_search.management.tables import TablesCommand


class Command(TablesCommand):
    help = "Take in known faults and guides of a JSON file, as docs/how-to/customer-service.md says. Twice changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the JSON file; pictures are named in it relative to its folder")
        parser.add_argument("--publish", action="store_true", help="publish new articles at once; else they are drafts")
        parser.add_argument("--examples", action="store_true", help="mark them as examples of a demonstration")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            taken = importing.take(options["file"], publish=options["publish"], examples=options["examples"])
        except VisualSearchError as problem:
            raise CommandError(str(problem)) from problem
        if options["verbosity"] > 0:
            self.stdout.write(f"{taken.new} articles are new, {taken.same} were there already.")
