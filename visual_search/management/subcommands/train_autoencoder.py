"""Train the autoencoder on the shop's own pictures."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from tqdm import tqdm

from visual_search import registry
from visual_search.encoders.autoencoder import FILE
from visual_search.encoders.autoencoder_training import train
from visual_search.errors import VisualSearchError
from visual_search.learning.similarity import shop_pictures
from visual_search.management.cache_folder import cache_folder
from visual_search.management.tables import TablesCommand


class Command(TablesCommand):
    help = "Trains the autoencoder on the shop's own pictures (needs torch) and keeps it in the encoders' cache folder."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--collection", help="whose pictures to learn from; default: the products")
        parser.add_argument(
            "--epochs", type=int, default=40, help="passes over the pictures; about 1 ms a picture each"
        )
        parser.add_argument("--most", type=int, default=20_000, help="at most so many pictures, evenly spread")
        parser.add_argument("--cache", type=Path, default=None, help="folder; without it, that of the ENCODER setting")

    def handle(
        self, *, collection: str | None = None, epochs: int, most: int, cache: Path | None, **options: Any
    ) -> None:
        if epochs < 1 or most < 1:
            raise CommandError("--epochs and --most must be 1 or more.")
        try:
            path = cache_folder(cache) / FILE
            pictures = list(shop_pictures(collection or registry.default(), most=most))
            with tqdm(total=epochs, desc="Epochs", disable=not sys.stderr.isatty(), leave=False) as bar:

                def advanced(error: float) -> None:
                    bar.set_postfix(error=f"{error:.4f}", refresh=False)
                    bar.update()

                made = train(pictures, path, epochs=epochs, advanced=advanced)
        except (VisualSearchError, ValueError) as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(
            f"Learned from {made.pictures} pictures; every tenth was kept back to judge by. Mean squared error on those "
            f"{made.error:.4f}; the mean picture would give {made.error_of_mean:.4f}.\nWritten to {path}. "
            "Restart the processes that search, and run manage.py visual_search rebuild."
        )
