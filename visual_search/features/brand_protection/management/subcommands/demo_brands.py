"""`manage.py visual_search demo_brands`: an example to try brand watch with."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError

from visual_search.errors import VisualSearchError
from visual_search.features.brand_protection import demonstrating, watching
from visual_search.management.tables import TablesCommand


class Command(TablesCommand):
    help = (
        "Make the brand “Example Home” of eight products, and listings that show them altered. Twice changes nothing."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            taken = demonstrating.make()
        except VisualSearchError as problem:
            raise CommandError(str(problem)) from problem
        watched = watching.watch()
        if options["verbosity"] > 0:
            self.stdout.write(
                f"Brand {demonstrating.NAME}: {taken.new} new listings, {len(watched.opened)} new cases. "
                "They stand in the admin under “Visual search: brand watch”."
            )
