"""`manage.py visual_search tidy_service`: what was kept long enough goes."""

from __future__ import annotations

from typing import Any

from visual_search.features.customer_service import tidying
from visual_search.management.tables import TablesCommand


class Command(TablesCommand):
    help = "Destroy photos whose time is over with their keys, and delete what is personal in old closed cases. Hourly, by cron."

    def handle(self, *args: Any, **options: Any) -> None:
        photos, cases = tidying.tidy()
        if options["verbosity"] > 0:
            self.stdout.write(f"{photos} photos were destroyed, and {cases} cases lost what was personal.")
