"""Measure indexing and query speed and memory on synthetic products."""

from __future__ import annotations

import json
import os
import platform
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from tqdm import tqdm

from visual_search.errors import VisualSearchError
from visual_search.management.output import ensure_writable
from visual_search.management.tables import TablesCommand
from visual_search.measuring import growth as growing
from visual_search.measuring import speed
from visual_search.measuring.measures import OVERHEADS
from visual_search.measuring.scratch import scratch_encoder, scratch_engine


class Command(TablesCommand):
    help = "Prints indexing throughput, query times by kind, recall and memory. Uses a scratch index; ratios are from one run."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--products", type=int, default=2000, help="how many synthetic products (default 2000)")
        parser.add_argument("--questions", type=int, default=50, help="how many questions of each kind (default 50)")
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--json", type=Path, default=None, help="write all figures to this file")
        parser.add_argument(
            "--configured-engine", action="store_true", help="a scratch collection on the shop's engine"
        )

        parser.add_argument(
            "--only-features", action="store_true", help="only what installed features add to an answer"
        )

        parser.add_argument(
            "--growth",
            type=int,
            nargs="+",
            metavar="PRODUCTS",
            help="only the engine, at each of these sizes: how its times grow with the catalogue",
        )

    def needs_tables(self) -> bool:
        return bool(OVERHEADS)  # All else is measured in a scratch index.

    def handle(self, *, products: int, questions: int, seed: int, **options: Any) -> None:
        if products < 1 or questions < 1:
            raise CommandError("--products and --questions must be 1 or more.")
        try:
            ensure_writable(options["json"], option="--json")
        except VisualSearchError as error:
            raise CommandError(str(error)) from error
        if options["only_features"]:
            self._keep(options["json"], {"features": self._features(questions)})
            return
        if options["growth"]:
            self._growth(questions, seed, **options)
            return
        try:
            with (
                tqdm(
                    total=products, desc="Storing", unit="product", disable=not sys.stderr.isatty(), leave=False
                ) as bar,
                scratch_encoder() as (encoder, teachable),
            ):
                figures = speed.measure(
                    encoder,
                    teachable=teachable,
                    products=products,
                    questions=questions,
                    seed=seed,
                    use_configured_engine=options["configured_engine"],
                    advanced=bar.update,
                )
        except (VisualSearchError, OSError) as error:
            raise CommandError(str(error)) from error
        self._show(figures)
        features = self._features(questions)
        self._keep(options["json"], figures.as_json() | {"features": features})

    def _keep(self, file: Path | None, figures: dict[str, Any]) -> None:
        if file:
            file.write_text(json.dumps(figures | {"machine": _machine()}, indent=1))
            self.stdout.write(f"Written to {file}.")

    def _growth(
        self, questions: int, seed: int, *, growth: list[int], configured_engine: bool, json: Path | None, **_: Any
    ) -> None:
        if min(growth) < 1:
            raise CommandError("--growth takes numbers of products, each 1 or more.")
        total = sum(growth)
        measured = []
        try:
            with (
                scratch_engine(use_configured_engine=configured_engine) as engine,
                tqdm(total=total, desc="Storing", unit="product", disable=not sys.stderr.isatty(), leave=False) as bar,
            ):
                kind = engine.health().engine
                for size in growing.measure(engine, growth, questions=questions, seed=seed, advanced=bar.update):
                    measured.append(size)
                    # A million takes an hour; whoever stops it keeps the smaller ones.
                    self._keep(json, {"engine": kind, "sizes": [each.as_json() for each in measured]})
        except (VisualSearchError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write("\n".join(growing.table(kind, measured).lines()))

    def _features(self, questions: int) -> dict[str, object]:
        tables = {name: overhead(questions) for name, overhead in OVERHEADS.items()}
        for table in tables.values():
            self.stdout.write("\n".join(table.lines()))
        return {name: table.as_json() for name, table in tables.items()}

    def _show(self, figures: speed.Speed) -> None:
        write = self.stdout.write
        write(
            f"{figures.products} products, {figures.vectors} vectors; engine {figures.engine}, encoder {figures.encoder}"
        )
        write("Absolute times depend on the machine; compare figures of one run.")
        write(f"  rebuild, engine alone     {figures.documents_per_second:8.0f} documents/s")
        write(
            f"  encoder alone             {figures.encoder_pictures_per_second:8.1f} products/s (a picture and a title)"
        )
        write(
            f"  from files to the engine  {figures.indexing_pictures_per_second:8.1f} products/s "
            f"= {figures.indexing_ratio:.2f} of the encoder"
        )
        write(f"  {'question':<18}{'p50 ms':>9}{'p95 ms':>9}   steps at the median")
        for name, latency in figures.questions.items():
            steps = ", ".join(f"{step} {value:.1f}" for step, value in latency.steps_p50.items())
            write(f"  {name:<18}{latency.p50:>9.1f}{latency.p95:>9.1f}   {steps}")
        write(f"  all kNN legs in one question take {figures.knn_together_to_apart:.2f} of their time apart")
        exact = (
            "not known, the engine has no exact search"
            if figures.recall_at_10 is None
            else f"{figures.recall_at_10:.3f}"
        )
        write(f"  recall@10 against exact: {exact}")
        size = "" if figures.index_mb is None else f", index on disk {figures.index_mb:.0f} MB"
        write(f"  peak memory {figures.peak_memory_mb:.0f} MB{size}")


def _machine() -> dict[str, object]:
    return {"system": platform.platform(), "python": platform.python_version(), "cores": os.cpu_count()}
