"""`manage.py visual_search watch_listings`: does by hand or from cron what saves and the schedule start."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from tqdm import tqdm

from visual_search.features.brand_protection import offers, telling, tidying, watching
from visual_search.management.tables import TablesCommand


class Command(TablesCommand):
    help = "Look at all listings that wait. It may be stopped and run again: what was looked at is done."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--limit", type=int, default=None, help="at most so many listings")
        parser.add_argument("--again", action="store_true", help="also those that were looked at before")

    def handle(self, *args: Any, limit: int | None, again: bool, **options: Any) -> None:
        if limit is not None and limit < 1:
            raise CommandError(f"--limit is {limit}; it must be a whole number from 1 on.")
        if again:
            watching.look_again()
        offers.take_saved()
        total = watching.waiting().count()
        quiet = options["verbosity"] == 0 or not sys.stderr.isatty()
        with tqdm(total=min(total, limit or total), unit="listing", disable=quiet, leave=False) as bar:
            watched = watching.watch(limit=limit, progress=bar.update)
        if watched.others:
            raise CommandError("Another process is looking at listings now. Wait for it, or stop it.")
        told, gone = telling.tell_at_once(), tidying.tidy()
        if options["verbosity"] > 0:
            self.stdout.write(
                f"{watched.looked} listings looked at, {len(watched.opened)} new cases, {watched.left} still wait. "
                f"{told} messages to brands, {gone} old pictures deleted."
            )
