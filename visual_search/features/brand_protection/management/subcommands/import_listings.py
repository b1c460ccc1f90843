"""`manage.py visual_search import_listings FOLDER`: listings of a folder, or of a table with its pictures."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from visual_search.errors import BadInput
from visual_search.features.brand_protection import offers
from visual_search.management.tables import TablesCommand


class Command(TablesCommand):
    help = (
        f"Take in a folder's listings.csv ({', '.join(offers.COLUMNS)}) with its pictures, or else each picture in it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        try:
            taken = offers.take_folder(folder)
        except (BadInput, OSError) as problem:
            raise CommandError(str(problem)) from problem
        for fault in taken.faults:
            self.stderr.write(f"left out: {fault}")
        if options["verbosity"] > 0:
            self.stdout.write(f"{taken.new} new, {taken.changed} changed, {taken.same} as before.")
