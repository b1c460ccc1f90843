"""Search with a photo on the command line and print the hits."""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from multilingual.languages import LANGUAGES, base_code
from visual_search import search
from visual_search.conf import conf
from visual_search.errors import VisualSearchError
from visual_search.management.tables import TablesCommand
from visual_search.querying import uploads
from visual_search.types import Query


class Command(TablesCommand):
    help = "Prints the products that a photo finds."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path, help="a JPEG, PNG or WebP")
        parser.add_argument("--words", default="", help="words that the products should match too")
        parser.add_argument("--language", default=None, help="language of the words, such as de")
        parser.add_argument(
            "--object", type=int, default=None, help="search by this one of the photo's objects, from 0"
        )
        parser.add_argument("-k", type=int, default=10, help="how many hits to print (default 10)")

    def handle(
        self, *, path: Path, words: str, language: str | None, k: int, object: int | None, **options: Any
    ) -> None:
        if not 1 <= k <= conf.PAGE_SIZE_MAX:
            raise CommandError(f"-k is {k}; 1 to {conf.PAGE_SIZE_MAX} are allowed.")
        code = base_code(language)
        if language and code not in LANGUAGES:
            raise CommandError(f"--language is '{language}'; it must be a language code such as de or pt-BR.")
        try:
            data = path.read_bytes()
        except OSError as error:
            raise CommandError(f"{path} can't be read: {error.strerror}. Give the path of a picture.") from error
        try:
            picture = replace(uploads.photo(data, name=path.name), thing=object)
            query = Query(pictures=(picture,), words=words, language=code, page_size=k, facets=())
            page = search.search(query)
        except VisualSearchError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{'#':>3}  {'score':>6}  {'grade':<14}  {'sku':<16}  title")
        for place, hit in enumerate(page.hits, 1):
            assert hit.card is not None
            self.stdout.write(
                f"{place:>3}  {hit.score:>6.3f}  {hit.grade or '':<14}  {hit.card.sku:<16}  {hit.card.title}"
            )
        if not page.hits:
            self.stdout.write("     no hits; is the index filled? (manage.py visual_search rebuild)")
        scene = page.pictures[0].scene
        for number, region in enumerate(scene.things if scene else ()):
            corners = ",".join(f"{corner:.2f}" for corner in region.box)
            mark = "*" if scene and region.box == scene.chosen else " "
            self.stdout.write(f"object {number}{mark} {region.score:.2f}  {corners}  {region.label or 'something'}")
        steps = ", ".join(f"{name} {value:.0f}" for name, value in page.timings_ms.items())
        self.stdout.write(f"{page.took_ms:.0f} ms ({steps})")
        for note in (*page.warnings, *(f"left out: {part}" for part in page.degraded)):
            self.stdout.write(f"note: {note}")
