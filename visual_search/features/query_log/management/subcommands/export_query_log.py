"""`manage.py visual_search export_query_log`: sealed rows and events as UBI 1.3, for the shop's own analysts."""

from __future__ import annotations

import getpass
import json
from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from visual_search.features.query_log import audit, ubi
from visual_search.management.tables import TablesCommand


class Command(TablesCommand):
    help = "Write rows of sealed days to two files in the format of User Behavior Insights 1.3. Not for publishing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--queries", type=Path, required=True, help="file for queries")
        parser.add_argument("--events", type=Path, required=True, help="file for events")

    def handle(self, *args: Any, queries: Path, events: Path, **options: Any) -> None:
        try:
            counts = _write(queries, ubi.queries()), _write(events, ubi.events())
        except OSError as problem:
            raise CommandError(f"{problem.filename} can't be written: {problem.strerror}.") from problem
        audit.append(f"system user {getpass.getuser()}", "export", queries=counts[0], events=counts[1])
        if options["verbosity"] > 0:
            self.stdout.write(f"{counts[0]} queries, {counts[1]} events.")


def _write(path: Path, rows: Iterable[dict[str, Any]]) -> int:
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
    return count
