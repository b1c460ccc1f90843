"""Measure search quality on folders of products and queries with ground truth."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from visual_search import wiring
from visual_search.errors import VisualSearchError
from visual_search.measuring import metrics, quality
from visual_search.measuring.datasets import READERS, Task, read_task, spread
from visual_search.measuring.scratch import CachingEncoder

LANGUAGES_SHOWN = 25


class Command(BaseCommand):
    help = "Prints exact@k, recall, MRR and nDCG of a query set, beside chance and simple colour. Uses a scratch index."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("tasks", nargs="+", metavar="TASK", help=f"all, or some of: {', '.join(READERS)}")
        parser.add_argument("--catalogue", type=Path, required=True, help="folder with products.csv and pictures")
        parser.add_argument("--queries", type=Path, required=True, help="folder that holds one folder for each task")
        parser.add_argument("--json", type=Path, default=None, help="write all figures to this file")
        parser.add_argument("--limit", type=int, default=None, help="only so many queries a task, evenly spread")
        parser.add_argument("--grey", action="store_true", help="take the colour out of all pictures")
        parser.add_argument("--cache", type=Path, default=None, help="where vectors are kept between runs")
        parser.add_argument(
            "--configured-engine", action="store_true", help="a scratch collection on the shop's engine"
        )

    def handle(self, *, tasks: list[str], **options: Any) -> None:
        names = list(READERS) if tasks == ["all"] else tasks
        card = wiring.encoder().card
        folder = options["cache"] or Path(getattr(settings, "VAR_DIR", "var")) / "measuring"
        encoder = CachingEncoder(wiring.encoder(), folder / f"{card.image.fingerprint[:16]}.sqlite3")
        reports = []
        try:
            read = [
                spread(read_task(name, catalogue=options["catalogue"], queries=options["queries"]), options["limit"])
                for name in names
            ]
            for task in read:
                report = self._measure(task, encoder, options)
                reports.append(report)
                self._show(report)
        except VisualSearchError as error:
            raise CommandError(str(error)) from error
        finally:
            encoder.close()
        if options["json"]:
            document = {
                "made": datetime.now(UTC).isoformat(timespec="seconds"),
                "encoder": card.id,
                "spaces": {space.name: space.fingerprint for space in card.spaces},
                "grey": options["grey"],
                "reports": [report.as_json() for report in reports],
            }
            options["json"].write_text(json.dumps(document, indent=1))
            self.stdout.write(f"Written to {options['json']}.")

    def _measure(self, task: Task, encoder: CachingEncoder, options: dict[str, Any]) -> quality.Report:
        steps = len(task.items) + len(task.questions)
        with tqdm(total=steps, desc=task.name, unit="step", disable=not sys.stderr.isatty(), leave=False) as bar:
            return quality.measure(
                task,
                encoder,
                grey=options["grey"],
                use_configured_engine=options["configured_engine"],
                advanced=bar.update,
            )

    def _show(self, report: quality.Report) -> None:
        self.stdout.write(
            f"\n{report.task}: {report.queries} queries over {report.items} items, {report.seconds:.0f} s "
            "(95 % interval in brackets)"
        )
        self.stdout.write(_line("", metrics.NAMES))
        for name, found in report.results.items():
            self.stdout.write(_line(name, [f"{found[metric].mean:.3f}" for metric in metrics.NAMES]))
            if name == "search":
                spread = [f"{found[metric].low:.2f}-{found[metric].high:.2f}" for metric in metrics.NAMES]
                self.stdout.write(_line("", spread))
        if report.languages:
            self.stdout.write(_line("language", metrics.NAMES))
            for language, (count, means) in list(report.languages.items())[:LANGUAGES_SHOWN]:
                self.stdout.write(_line(f"{language} ({count})", [f"{means[metric]:.3f}" for metric in metrics.NAMES]))
            if len(report.languages) > LANGUAGES_SHOWN:
                self.stdout.write(
                    f"  ... and {len(report.languages) - LANGUAGES_SHOWN} more languages (--json has all)"
                )


def _line(name: str, cells: Iterable[str]) -> str:
    return f"  {name:<11}" + "".join(f"{cell:>11}" for cell in cells)
