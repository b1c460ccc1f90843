"""Import products from a folder of CSV files and pictures."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from catalog.importing import Catalogue, ImportRefused, import_rows

FAULTS_SHOWN = 50


class Command(BaseCommand):
    help = "Imports a folder with products.csv, optional products_i18n.csv and pictures. Run it again to go on or to update."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path, help="the folder")
        parser.add_argument("--dry-run", action="store_true", help="check every row, write nothing")
        parser.add_argument("--limit", type=int, default=None, help="only the first so many rows")

    def handle(self, *, path: Path, dry_run: bool, limit: int | None, **options: Any) -> None:
        try:
            catalogue = Catalogue.read(path)
        except ImportRefused as error:
            raise CommandError(str(error)) from error
        rows = catalogue.rows[:limit]
        with tqdm(total=len(rows), desc="Importing", unit="product", disable=not sys.stderr.isatty()) as bar:
            summary = import_rows(catalogue, rows, dry_run=dry_run, advanced=bar.update)
        for fault in summary.faults[:FAULTS_SHOWN]:
            self.stderr.write(str(fault))
        if len(summary.faults) > FAULTS_SHOWN:
            self.stderr.write(f"... and {len(summary.faults) - FAULTS_SHOWN} more.")
        self.stdout.write(
            f"{'Would import' if dry_run else 'Imported'} {path}: {summary.created} new, {summary.changed} changed, "
            f"{summary.unchanged} unchanged, {len(summary.faults)} with faults."
        )
        if summary.faults:
            raise CommandError(
                f"{len(summary.faults)} rows were left out. Correct the lines named above and run the command again."
            )
