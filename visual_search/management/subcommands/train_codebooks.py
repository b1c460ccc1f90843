"""Learn the classic encoder's codebooks from the shop's own pictures."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from visual_search import registry, wiring
from visual_search.encoders.classic import DEFAULT, ClassicEncoder
from visual_search.errors import VisualSearchError
from visual_search.learning.similarity import shop_pictures
from visual_search.management.cache_folder import cache_folder
from visual_search.management.tables import TablesCommand


class Command(TablesCommand):
    help = "Learns visual words and means of the classic encoder's features from the shop's own pictures."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--collection", help="whose pictures to learn from; default: the products")
        parser.add_argument(
            "--features", default="", help="with commas; without it, those of the ENCODER setting, or the default ones"
        )
        parser.add_argument("--most", type=int, default=2_000, help="at most so many pictures, evenly spread")
        parser.add_argument("--cache", type=Path, default=None, help="folder; without it, that of the ENCODER setting")

    def handle(
        self, *, collection: str | None = None, features: str, most: int, cache: Path | None, **options: Any
    ) -> None:
        if most < 1:
            raise CommandError("--most must be 1 or more.")
        try:
            folder = cache_folder(cache)
            if features:
                encoder = ClassicEncoder(folder, features=[name.strip() for name in features.split(",")])
            else:
                cls, chosen = wiring.resolve("ENCODER")
                own = chosen.get("features", DEFAULT) if issubclass(cls, ClassicEncoder) else DEFAULT
                encoder = ClassicEncoder(folder, features=own)
            encoder.learn(shop_pictures(collection or registry.default(), most=most))
        except (VisualSearchError, ValueError) as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(
            f"Written to {encoder.own_path}: {', '.join(encoder.weights)}. "
            "Restart the processes that search, and run manage.py visual_search rebuild."
        )
