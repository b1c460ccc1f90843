"""`manage.py visual_search compare_models A B`: tells whether encoder or run B may replace A."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from visual_search.errors import BadInput, VisualSearchError
from visual_search.management import measuring_options
from visual_search.management.output import ensure_writable
from visual_search.measuring import history, pairing, running
from visual_search.measuring.contenders import NAMED, SHOP, contender
from visual_search.measuring.history import Kept

REFUSED, MISTAKE = 1, 2  # exit codes


class Command(BaseCommand):
    help = (
        "Compares two encoders, or two kept runs of measure_quality, query by query. Exits with 1 where B is worse by the "
        "whole 95 % interval of a paired bootstrap over products, with 2 where they can't be compared."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        known = ", ".join([SHOP, *NAMED])
        parser.add_argument("first", metavar="A", help=f"what is in use: {known}, a JSON file, a kept run, or 'last'")
        parser.add_argument("second", metavar="B", help="what may replace it, named likewise")
        parser.add_argument("--tasks", default="", help="with commas; needed where an encoder must be measured")
        measuring_options.add_to(parser)
        parser.add_argument("--json", type=Path, default=None, help="write the differences to this file")

    def handle(self, *, first: str, second: str, **options: Any) -> None:
        try:
            ensure_writable(options["json"], option="--json")
            # Both names are read before anything is measured: so a typing error is reported at once, not after an hour.
            known = [self._kept_or_none(name, options) for name in (first, second)]
            runs = [run or self._measured(name, options) for name, run in zip((first, second), known, strict=True)]
            differences = pairing.differences(*runs)
            if options["json"]:
                options["json"].write_text(json.dumps([asdict(one) for one in differences], indent=1))
        except (VisualSearchError, OSError) as problem:
            raise CommandError(str(problem), returncode=MISTAKE) from problem
        self._warn(*runs)
        self.stdout.write(f"A is {_said(first, runs[0])}, B is {_said(second, runs[1])}.")
        self.stdout.write("\n".join(pairing.lines(differences)))
        worse = [one for one in differences if one.is_worse]
        if worse:
            said = "; ".join(
                f"{one.task} {one.metric} {one.change.mean:+.3f} [{one.change.low:+.3f}, {one.change.high:+.3f}]"
                for one in worse
            )
            raise CommandError(f"B is worse than A: {said}. Keep A.", returncode=REFUSED)
        self.stdout.write("B isn't worse than A in anything that was measured.")

    def _kept_or_none(self, name: str, options: Mapping[str, Any]) -> Kept | None:
        if name in {SHOP, *NAMED} or name.startswith("{") or name.endswith(".json"):
            contender(name)
            if not options["tasks"]:
                raise BadInput(f"To measure '{name}', name --tasks, --catalogue and --queries.")
            return None
        return history.kept(measuring_options.cache_folder(options), name)

    def _measured(self, name: str, options: Mapping[str, Any]) -> Kept:
        cache, manner = measuring_options.cache_folder(options), measuring_options.manner(options)
        tasks = measuring_options.read_tasks([one.strip() for one in options["tasks"].split(",")], options)
        with running.opened(contender(name), cache) as encoder, ExitStack() as stack:
            reports = list(running.run(tasks, encoder, manner, cache, measuring_options.bars(stack)))
            return history.keep(cache, reports, card=encoder.card, settings=manner.as_settings())

    def _warn(self, first: Kept, second: Kept) -> None:
        one, other = first.run.settings, second.run.settings
        apart = [key for key in sorted({*one, *other}) if one.get(key) != other.get(key)]
        if apart:
            said = ", ".join(f"{key} {one.get(key)} and {other.get(key)}" for key in apart)
            self.stderr.write(self.style.WARNING(f"The runs were made with other settings: {said}."))


def _said(name: str, run: Kept) -> str:
    return f"{name} ({run.run.encoder}, run {run.run.run})"
