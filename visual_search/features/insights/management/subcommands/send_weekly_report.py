"""`manage.py visual_search send_weekly_report`: does by hand or from cron what the schedule does each week."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.mail import BadHeaderError
from django.core.management.base import CommandError

from visual_search.features.insights import weekly
from visual_search.features.insights.options import options as insights
from visual_search.management.tables import TablesCommand


class Command(TablesCommand):
    help = "Mail the report of the last seven counted days to RECIPIENTS of VISUAL_SEARCH['INSIGHTS']. Weekly, by cron."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--to", action="append", default=[], help="an address in place of these; may be repeated")

    def handle(self, *args: Any, to: list[str], **options: Any) -> None:
        if wrong := [one for one in to if "@" not in one]:
            raise CommandError(f"--to is '{wrong[0][:80]}'; it must be a mail address.")
        if not to and not insights().recipients:
            raise CommandError(
                "Nobody is to get it: name somebody by --to, or in VISUAL_SEARCH['INSIGHTS']['RECIPIENTS']."
            )
        try:
            sent = weekly.send(to)
        except (OSError, BadHeaderError) as problem:
            raise CommandError(f"The mail can't be sent: {problem}. See EMAIL_HOST in the settings.") from problem
        if options["verbosity"] > 0:
            self.stdout.write(f"{sent} sent." if sent else "No day has been counted yet, so nothing was sent.")
