"""`manage.py visual_search measure_grades`: how often the grades are right on real photos with known answers."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from visual_search import wiring
from visual_search.errors import BadInput, VisualSearchError
from visual_search.management import measuring_options
from visual_search.management.output import ensure_writable
from visual_search.measuring import running
from visual_search.measuring.closeness import measure_closeness
from visual_search.measuring.contenders import SHOP, contender

TASKS = ("grocery_photo", "clothing_photo", "product_views", "model_views")


class Command(BaseCommand):
    help = "Prints how often 'nothing close' is said rightly and wrongly, and how often grades are wrong. In a scratch index."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "tasks", nargs="*", metavar="TASK", help=f"tasks over the catalogue; by default {', '.join(TASKS)}"
        )
        measuring_options.add_to(parser)
        parser.add_argument("--json", type=Path, default=None, help="write all figures to this file")

    def handle(self, *, tasks: list[str], **options: Any) -> None:
        try:
            ensure_writable(options["json"], option="--json")
            read = measuring_options.read_tasks(tasks or TASKS, options)
            if odd := next((task.name for task in read if task.items != read[0].items), None):
                raise BadInput(f"{odd} asks another catalogue than {read[0].name}; measure it by itself.")
            manner = measuring_options.manner(options)
            cache = measuring_options.cache_folder(options)
            with running.opened(contender(SHOP), cache) as encoder, running.reading(manner, cache) as reader:
                table = measure_closeness(
                    read,
                    encoder,
                    reader=reader,
                    detector=wiring.detector() if manner.objects else None,
                    use_configured_engine=manner.configured_engine,
                )
            self.stdout.write("\n".join(table.lines()))
            if options["json"]:
                options["json"].write_text(json.dumps(table.as_json(), indent=1))
        except (VisualSearchError, OSError) as error:
            raise CommandError(str(error)) from error
