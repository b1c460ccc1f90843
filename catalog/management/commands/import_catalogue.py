"""Import products from a folder of CSV files and pictures."""

from __future__ import annotations

import re
import sys
import time
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from tqdm import tqdm

from catalog.importing import import_rows
from catalog.reading import Catalogue, ImportRefused
from visual_search.management.tables import TablesCommand

FAULTS_SHOWN = 50  # More would scroll the summary out of sight.
SECONDS_BETWEEN_LINES = 10.0  # of progress, if the output is no terminal


class Command(TablesCommand):
    help = "Imports a folder with products.csv, optional products_i18n.csv and pictures. Run it again to go on or to update."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path, help="the folder")
        parser.add_argument("--dry-run", action="store_true", help="check every row, write nothing")
        parser.add_argument(
            "--limit",
            type=_count,
            default=None,
            metavar="N",
            help="only the first N rows, and the heads of their families",
        )
        parser.add_argument(
            "--currency", type=_currency, default=None, help="the currency of prices whose row names none, such as EUR"
        )

    def handle(self, *, path: Path, dry_run: bool, limit: int | None, currency: str | None, **options: Any) -> None:
        try:
            catalogue = Catalogue.read(path)
        except ImportRefused as error:
            raise CommandError(str(error)) from error
        rows = catalogue.first(limit)
        if catalogue.unused:
            self.stdout.write(f"Columns that are not used: {', '.join(catalogue.unused)}.")
        try:
            with self.progress(len(rows)) as advanced:
                summary = import_rows(catalogue, rows, dry_run=dry_run, currency=currency or "", advanced=advanced)
        except KeyboardInterrupt:
            raise CommandError("Stopped. Run the same command again to go on.", returncode=130) from None
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

    @contextmanager
    def progress(self, total: int) -> Iterator[Callable[[], object]]:
        """A bar on a terminal; elsewhere a plain line now and then, which a log can keep."""
        if sys.stderr.isatty():
            with tqdm(total=total, desc="Importing", unit="product") as bar:
                yield bar.update
            return
        done, told = 0, time.monotonic()

        def advanced() -> None:
            nonlocal done, told
            done += 1
            if time.monotonic() - told >= SECONDS_BETWEEN_LINES:
                told = time.monotonic()
                self.stdout.write(f"{done} of {total} products ...")

        yield advanced


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) == 0:
        raise ArgumentTypeError(f"'{text}' is no whole number from 1.")
    return int(text)


def _currency(text: str) -> str:
    if not re.fullmatch(r"[A-Z]{3}", text):
        raise ArgumentTypeError(f"'{text}' isn't three capital letters of ISO 4217, such as EUR.")
    return text
