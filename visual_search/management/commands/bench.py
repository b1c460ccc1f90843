"""Measure indexing and query speed and memory on synthetic products."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from visual_search import wiring
from visual_search.errors import VisualSearchError
from visual_search.measuring import speed


class Command(BaseCommand):
    help = "Prints indexing throughput, query times by kind, recall and memory. Uses a scratch index; ratios are from one run."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--products", type=int, default=2000, help="how many synthetic products (default 2000)")
        parser.add_argument("--questions", type=int, default=50, help="how many questions of each kind (default 50)")
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--json", type=Path, default=None, help="write all figures to this file")
        parser.add_argument(
            "--configured-engine", action="store_true", help="a scratch collection on the shop's engine"
        )

    def handle(self, *, products: int, questions: int, seed: int, **options: Any) -> None:
        if products < 1 or questions < 1:
            raise CommandError("--products and --questions must be 1 or more.")
        try:
            with tqdm(
                total=products, desc="Storing", unit="product", disable=not sys.stderr.isatty(), leave=False
            ) as bar:
                found = speed.measure(
                    wiring.encoder(),
                    products=products,
                    questions=questions,
                    seed=seed,
                    use_configured_engine=options["configured_engine"],
                    advanced=bar.update,
                )
        except VisualSearchError as error:
            raise CommandError(str(error)) from error
        self._show(found)
        if options["json"]:
            options["json"].write_text(json.dumps(found.as_json(), indent=1))
            self.stdout.write(f"Written to {options['json']}.")

    def _show(self, found: speed.Speed) -> None:
        write = self.stdout.write
        write(f"{found.products} products, {found.vectors} vectors; engine {found.engine}, encoder {found.encoder}")
        write("Absolute times depend on the machine; compare figures of one run.")
        write(f"  engine alone              {found.documents_per_second:8.0f} documents/s")
        write(f"  encoder alone             {found.encoder_pictures_per_second:8.1f} pictures/s")
        write(
            f"  encoder and engine        {found.indexing_pictures_per_second:8.1f} pictures/s "
            f"= {found.indexing_ratio:.2f} of the encoder"
        )
        write(f"  {'question':<18}{'p50 ms':>9}{'p95 ms':>9}   steps at the median")
        for name, latency in found.questions.items():
            steps = ", ".join(f"{step} {value:.1f}" for step, value in latency.steps_p50.items())
            write(f"  {name:<18}{latency.p50:>9.1f}{latency.p95:>9.1f}   {steps}")
        write(f"  hybrid against its bare kNN legs {found.hybrid_to_bare_knn:.2f}")
        write(f"  recall@10 against exact          {found.recall_at_10:.3f}")
        size = "" if found.index_mb is None else f", index on disk {found.index_mb:.0f} MB"
        write(f"  peak memory {found.peak_memory_mb:.0f} MB{size}")
