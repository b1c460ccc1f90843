"""`manage.py visual_search tell_brands`: the daily mail to each brand."""

from __future__ import annotations

from typing import Any

from visual_search.features.brand_protection import telling
from visual_search.management.tables import TablesCommand


class Command(TablesCommand):
    help = "Mail each brand its new cases in one mail, and tell its webhook what it wasn't told yet. Daily, by cron."

    def handle(self, *args: Any, **options: Any) -> None:
        sent = telling.tell()
        if options["verbosity"] > 0:
            self.stdout.write(f"{sent} messages were sent.")
