"""`manage.py visual_search tidy_query_log`: does by hand or from cron what the schedule does for the query log."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from visual_search.features.query_log import releasing, sealing, vocabulary, weeks
from visual_search.management.tables import TablesCommand


class Command(TablesCommand):
    help = "Seal finished days, make due public lists and delete what has lived its time. Every ten minutes, by cron."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--vocabulary", action="store_true", help="also read the catalogue's words anew (nightly)")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["vocabulary"]:
            words = vocabulary.refresh()
            self._say(options, f"The catalogue uses {words} words.")
        days, _weeks, windows, rows = sealing.seal_due(), weeks.seal_due(), releasing.release_due(), sealing.expire()
        self._say(options, f"{len(days)} days sealed, {len(windows)} public lists made, {rows} rows deleted.")

    def _say(self, options: dict[str, Any], text: str) -> None:
        if options["verbosity"] > 0:
            self.stdout.write(text)
