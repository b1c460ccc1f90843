"""`manage.py visual_search load`: many shoppers at once against a server that runs."""

from __future__ import annotations

import io
import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from PIL import Image

from visual_search import registry
from visual_search.errors import VisualSearchError
from visual_search.learning import sampling
from visual_search.management.output import ensure_writable
from visual_search.management.tables import TablesCommand
from visual_search.measuring import load

TAKEN = 60  # objects of the shop whose pictures and titles are asked


class Command(TablesCommand):
    help = (
        "Let many shoppers ask a running server at once, with the shop's own pictures and titles, and print how long each kind "
        "of request takes and how many are put off. Start the server as in production."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("address", help="such as http://127.0.0.1:8000")
        parser.add_argument("--photos", type=int, default=16, help="shoppers with photos (default 16)")
        parser.add_argument("--words", type=int, default=4, help="shoppers with words, by REST (default 4)")
        parser.add_argument("--pages", type=int, default=2, help="shoppers who read pages of results (default 2)")
        parser.add_argument("--health", type=int, default=1, help="who look whether the server answers (default 1)")
        parser.add_argument("--seconds", type=float, default=60, help="how long (default 60)")
        parser.add_argument(
            "--memory-of",
            default="",
            metavar="ADDRESS",
            help="whose memory is told (default: that of the address asked)",
        )
        parser.add_argument("--collection", help="default: the shop's products")
        parser.add_argument("--json", type=Path, default=None, help="write all figures to this file")

    def handle(self, *, address: str, seconds: float, collection: str | None, **options: Any) -> None:
        numbers = {"photo": options["photos"], "words": options["words"], "page": options["pages"]}
        numbers["health"] = options["health"]
        if seconds <= 0 or min(numbers.values()) < 0 or not any(numbers.values()):
            raise CommandError("--seconds must be above 0, and there must be at least one shopper.")
        try:
            ensure_writable(options["json"], option="--json")
            photos, titles = _of_the_shop(collection or registry.default())
            table = load.measure(
                address, load.shoppers(photos, titles, numbers), numbers, seconds, memory_of=options["memory_of"]
            )
        except VisualSearchError as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write("\n".join(table.lines()))
        if options["json"]:
            options["json"].write_text(json.dumps(table.as_json(), indent=1))


def _of_the_shop(collection: str) -> tuple[list[bytes], list[str]]:
    """Photos made of some objects' pictures, and titles. Raises CommandError if there are none."""
    photos = [_jpeg(picture) for _, picture in sampling.main_pictures(collection, most=TAKEN)]
    titles = [title.text for _, own in sampling.titles(collection, most=TAKEN) for title in own[:1]]
    if not photos or not titles:
        raise CommandError(f"No object of '{collection}' has a picture and a title, so there is nothing to ask.")
    return photos, titles


def _jpeg(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=85)
    return file.getvalue()
