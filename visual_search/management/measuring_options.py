"""Options and progress bars that the subcommands `measure_quality`, `measure_grades` and `compare_models` share."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.conf import settings
from tqdm import tqdm

from visual_search.errors import BadInput
from visual_search.measuring.datasets import Task, confirmed, read_task, spread
from visual_search.measuring.running import Manner
from visual_search.measuring.scratch import Advanced


def add_to(parser: ArgumentParser) -> None:
    parser.add_argument("--catalogue", type=Path, default=None, help="folder with products.csv and pictures")
    parser.add_argument("--queries", type=Path, default=None, help="folder that holds one folder for each task")
    parser.add_argument("--limit", type=int, default=None, help="only so many queries a task, evenly spread")
    parser.add_argument(
        "--confirmed", type=int, default=0, help="as if the staff had kept so many photos of each thing asked for"
    )
    parser.add_argument("--grey", action="store_true", help="take the colour out of all pictures")
    parser.add_argument("--no-reading", action="store_true", help="look at pictures, but don't read them")
    parser.add_argument("--no-objects", action="store_true", help="search whole photos, not the things in them")
    parser.add_argument(
        "--vectors-alone", action="store_true", help="the encoder's picture vectors by exact cosine, without the rest"
    )
    parser.add_argument("--cache", type=Path, default=None, help="where vectors and the history are kept between runs")
    parser.add_argument("--configured-engine", action="store_true", help="a scratch collection on the shop's engine")


def manner(options: Mapping[str, Any]) -> Manner:
    return Manner(
        grey=options["grey"],
        reading=not options["no_reading"],
        objects=not options["no_objects"],
        vectors_alone=options["vectors_alone"],
        configured_engine=options["configured_engine"],
        limit=options["limit"],
        confirmed=options["confirmed"],
    )


def cache_folder(options: Mapping[str, Any]) -> Path:
    return options["cache"] or Path(getattr(settings, "VAR_DIR", "var")) / "measuring"


def read_tasks(names: Sequence[str], options: Mapping[str, Any]) -> list[Task]:
    """All of them before any is measured: so a mistake in a file is reported at once, not after an hour. Raises BadInput."""
    for name, holds in (("catalogue", "products.csv and pictures"), ("queries", "one folder for each task")):
        if names and options[name] is None:
            raise BadInput(f"{names[0]} needs --{name}, a folder with {holds}.")
    return [spread(confirmed(_read(name, options), options["confirmed"]), options["limit"]) for name in names]


def _read(name: str, options: Mapping[str, Any]) -> Task:
    return read_task(name, catalogue=options["catalogue"], queries=options["queries"])


def bars(stack: ExitStack) -> Callable[[Task], Advanced]:
    """A progress bar for each task, on a terminal; the last one is closed with the stack."""

    def bar(task: Task) -> Advanced:
        stack.close()
        total = len(task.items) + len(task.questions)
        quiet = not sys.stderr.isatty()
        return stack.enter_context(tqdm(total=total, desc=task.name, unit="step", disable=quiet, leave=False)).update

    return bar
