"""`manage.py visual_search tell_help_desk`: what waits to be sent."""

from __future__ import annotations

from typing import Any

from visual_search.features.customer_service import telling
from visual_search.management.tables import TablesCommand


class Command(TablesCommand):
    help = (
        "Send the help desk its new cases by mail and webhook, and shoppers their replies. Every few minutes, by cron."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        sent = telling.tell()
        if options["verbosity"] > 0:
            self.stdout.write(f"{sent} messages were sent.")
