"""`manage.py visual_search check_catalogue`: does by hand or from cron what the schedule does each night."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from visual_search import registry
from visual_search.errors import ConfigurationError
from visual_search.features.insights import health
from visual_search.management.tables import TablesCommand


class Command(TablesCommand):
    help = "Look through the catalogue for missing, unreadable, doubled pictures and missing texts. Nightly, by cron."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--collection", help="only this one; all by default")

    def handle(self, *args: Any, collection: str | None, **options: Any) -> None:
        if collection is not None:
            try:
                registry.source(collection)
            except ConfigurationError as problem:
                raise CommandError(str(problem)) from problem
        for name in [collection] if collection else [source.collection for source in registry.sources()]:
            check = health.look(name)
            if options["verbosity"] > 0:
                self.stdout.write(f"{name}: {check.objects_read} objects")
                for finding, found in sorted(check.findings.items()):
                    self.stdout.write(f"  {finding}: {found['count']}")
