"""`manage.py visual_search recall`: does the live index still find the nearest objects?"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from visual_search import registry
from visual_search.engines.recall import RECALL_WANTED
from visual_search.errors import VisualSearchError
from visual_search.learning.recall import SpaceRecall, self_test
from visual_search.management.tables import TablesCommand


class Command(TablesCommand):
    help = (
        f"Compare quick search with exact search on the live index. A space below {RECALL_WANTED} compares more candidates "
        "from now on, in all processes. Worth a run after much was added without a rebuild."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--collection", help="only this one; default: all")
        parser.add_argument("--only-measure", action="store_true", help="change nothing")

    def handle(self, *args: Any, collection: str | None = None, **options: Any) -> None:
        names = [collection] if collection else [source.collection for source in registry.sources()]
        try:
            by_collection = {name: self_test(name, widen=not options["only_measure"]) for name in names}
        except VisualSearchError as problem:
            raise CommandError(str(problem)) from problem
        for name, spaces in by_collection.items():
            for space in spaces:
                self.stdout.write(f"{name}, {space.space}: {_in_words(space)}")
        low = [
            f"{name}, {space.space}" for name, spaces in by_collection.items() for space in spaces if not space.enough
        ]
        if low:
            raise CommandError(f"Below {RECALL_WANTED}: {'; '.join(low)}. Run `manage.py visual_search rebuild`.")


def _in_words(space: SpaceRecall) -> str:
    if not space.queries:
        return "no vectors yet"
    wider = "" if space.width is None else f", now comparing {space.width:g} times the usual candidates"
    return f"recall@10 {space.recall:.3f} over {space.queries} pictures or titles of the shop{wider}"
