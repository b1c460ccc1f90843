"""`manage.py visual_search train_recommendations`: does by hand or from cron what the schedule does each night."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from tqdm import tqdm

from visual_search import registry
from visual_search.errors import VisualSearchError
from visual_search.features.recommendations import builds, training
from visual_search.features.recommendations.models import Part
from visual_search.features.recommendations.recommenders import RECOMMENDERS
from visual_search.management.tables import TablesCommand


class Command(TablesCommand):
    help = "Learn from baskets and links what goes together. Nightly, by cron; what clients taught is made once a week."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--collection", help="only this one; by default all that tell baskets or have links")
        parser.add_argument("--model", choices=list(RECOMMENDERS), help="in place of RECOMMENDATIONS_MODEL")
        parser.add_argument("--now", action="store_true", help="also what was made within the last week")
        parser.add_argument(
            "--back", choices=Part.values, metavar="PART", help=f"go back to the build before: {', '.join(Part.values)}"
        )

    def handle(self, *, collection: str | None = None, back: str | None = None, **options: Any) -> None:
        try:
            if collection is not None:
                names = [registry.source(collection).collection]
            else:
                names = [one.collection for one in registry.sources() if training.taught(one.collection)]
            for name in names:
                if back is not None:
                    build = builds.go_back(name, Part(back))
                    self.stdout.write(
                        f"{name}: build {build.pk} of {back} is live, made {build.finished:%Y-%m-%d %H:%M}."
                    )
                else:
                    self._train(name, options)
        except VisualSearchError as problem:
            raise CommandError(str(problem)) from problem
        if not names:
            self.stdout.write("No source tells baskets (Source.baskets), and there are no links to learn from.")

    def _train(self, name: str, options: dict[str, Any]) -> None:
        shown = options["verbosity"] > 0
        with tqdm(unit=" entries", disable=not (shown and sys.stderr.isatty()), leave=False) as bar:

            def tell(line: str) -> None:
                if shown:
                    self.stdout.write(f"{name}: {line}")

            training.train(name, now=options["now"], model=options["model"], tell=tell, advanced=bar.update)
