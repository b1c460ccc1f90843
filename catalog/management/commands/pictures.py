"""Bring picture files to where and how they should be, and make their copies."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import CommandError
from tqdm import tqdm

from catalog import renditions, tidying
from catalog.models import ProductImage
from visual_search.management.tables import TablesCommand

NAMES_SHOWN = 50  # More would scroll the summary out of sight.


class Command(TablesCommand):
    help = (
        "Cleans and moves picture files of earlier versions, moves those that stand in the wrong place, removes files that no "
        "product names any more, and makes the copies that pages load. It may be stopped, and goes on when it is run again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, and change nothing")

    def handle(self, *, dry_run: bool, **options: Any) -> None:
        try:
            with _bar("Looking at pictures", ProductImage.objects.exclude(file="").count()) as advanced:
                done = tidying.tidy(dry_run=dry_run, advanced=advanced)
            waiting = renditions.due().count()
            if not dry_run:
                with _bar("Making copies", waiting) as advanced:
                    waiting = renditions.make_due(advanced=advanced)
        except KeyboardInterrupt:
            raise CommandError("Stopped. Run the same command again to go on.", returncode=130) from None
        for name in done.orphans[:NAMES_SHOWN]:
            self.stdout.write(f"No product names {name}.")
        if len(done.orphans) > NAMES_SHOWN:
            self.stdout.write(f"... and {len(done.orphans) - NAMES_SHOWN} more.")
        would = "would be " if dry_run else ""
        self.stdout.write(
            f"{done.moved} pictures {would}cleaned or moved, {len(done.orphans)} files {would}removed, copies of {waiting} "
            f"pictures {would}made."
        )
        if done.failed:
            raise CommandError(
                f"{len(done.failed)} files can't be read or moved, the first is {done.failed[0]}. The log says why. Choose "
                "other pictures in the admin, or see to the storage, and run the command again."
            )


@contextmanager
def _bar(what: str, total: int) -> Iterator[Callable[[], object]]:
    """A bar on a terminal."""
    with tqdm(total=total, desc=what, unit="picture", disable=not sys.stderr.isatty()) as bar:
        yield bar.update
