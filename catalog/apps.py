"""The reference shop."""

from functools import partial
from importlib import import_module
from pathlib import Path

from django.apps import AppConfig
from django.core.signals import request_started
from django.utils.translation import gettext_lazy as _

from visual_search.measuring.measures import Conditions, Table, register

_MEASURES = {"receiving": "clerk", "slips": "slips", "reordering": "orders"}


class CatalogConfig(AppConfig):
    name = "catalog"
    verbose_name = _("Catalogue")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from catalog import checks, receivers, tasks  # noqa: F401, PLC0415 - Models are ready by now, and not before.

        for task in _MEASURES:
            register(task, measure=partial(_measure, task))

        request_started.connect(tasks.look_for_leftovers, dispatch_uid="catalog.look_for_leftovers")


def _measure(task: str, queries: Path, conditions: Conditions) -> Table:
    # Imported when it is asked for: serving a shop needs none of it.
    module = import_module(f"catalog.receiving.measuring.{_MEASURES[task]}")
    made: Table = module.measure(queries, conditions)
    return made
