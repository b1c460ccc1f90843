"""`manage.py visual_search rebuild_brands`: the gallery of genuine pictures is brought up to date."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import CommandError
from tqdm import tqdm

from visual_search.errors import VisualSearchError
from visual_search.features.brand_protection import storing
from visual_search.features.brand_protection.models import Brand
from visual_search.management.tables import TablesCommand


class Command(TablesCommand):
    help = "Take in the catalogue's pictures of each brand, then learn visual words from all genuine pictures."

    def handle(self, *args: Any, **options: Any) -> None:
        quiet = options["verbosity"] == 0 or not sys.stderr.isatty()
        try:
            for brand in Brand.objects.filter(active=True).exclude(catalogue_brand=""):
                with tqdm(desc=brand.name, unit="picture", disable=quiet, leave=False) as bar:
                    new, gone = storing.add_catalogue(brand, bar.update)
                if options["verbosity"] > 0:
                    self.stdout.write(f"{brand}: {new} pictures are new, {gone} are gone.")
            count = storing.rebuild()
        except VisualSearchError as problem:
            raise CommandError(str(problem)) from problem
        if options["verbosity"] > 0:
            self.stdout.write(f"Visual words were learned from {count} pictures.")
