"""`manage.py visual_search check_seo`: looks through the pages of the shop, and proposes texts for pictures."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from visual_search.features.seo import looking
from visual_search.features.seo.sites import site
from visual_search.management.tables import TablesCommand


class Command(TablesCommand):
    help = "Look through the shop's pages for missing, thin and doubled titles, texts and pictures. Nightly, by cron."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--collection", help="only this one; all that have pages by default")
        parser.add_argument("--propose", action="store_true", help="propose a text for each picture in each language")

    def handle(self, *args: Any, collection: str | None, propose: bool, **options: Any) -> None:
        known = site().collections
        if collection is not None and collection not in known:
            raise CommandError(f"--collection is '{collection}'; those with pages are: {', '.join(known) or 'none'}.")
        for name in [collection] if collection else known:
            proposed = looking.propose(name) if propose else 0
            check = looking.look(name)
            if options["verbosity"] > 0:
                self.stdout.write(f"{name}: {check.objects_read} pages")
                for finding in looking.FINDINGS:
                    if found := check.findings.get(finding):
                        self.stdout.write(f"  {finding}: {found['count']}")
                if propose:
                    self.stdout.write(f"  {proposed} texts proposed; staff confirm them in the admin")
