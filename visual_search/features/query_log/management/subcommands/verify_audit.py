"""`manage.py visual_search verify_audit`: whether the audit log is as it was written."""

from __future__ import annotations

import re
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from visual_search.features.query_log import audit
from visual_search.management.tables import TablesCommand

HEAD_HASH = re.compile(r"[0-9a-f]{64}")


class Command(TablesCommand):
    help = "Check that no entry of the query log's audit log was changed, added or taken out. Prints the newest hash."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--head", default="", help="a hash that an earlier run printed; it must still be there")

    def handle(self, *args: Any, head: str, **options: Any) -> None:
        if head and not HEAD_HASH.fullmatch(head):
            raise CommandError(f"--head is '{head[:80]}'; it must be the 64 characters that an earlier run printed.")
        verdict = audit.verify(head=head)
        if verdict.problem:
            raise CommandError(f"{verdict.problem} Compare with a backup from before.")
        self.stdout.write(f"{verdict.entries} entries, all as they were written. Head: {verdict.head or 'none'}")
