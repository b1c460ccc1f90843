"""The Django app: finds every app's sources and connects the receivers. It loads no model and no engine."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from django.apps import AppConfig, apps
from django.utils.module_loading import module_has_submodule
from django.utils.translation import gettext_lazy as _

from visual_search.imaging import heaps

if TYPE_CHECKING:
    from visual_search.measuring.measures import Conditions, Table


class VisualSearchConfig(AppConfig):
    name = "visual_search"
    verbose_name = _("Visual search")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Imported here because models can't be imported before the app registry is ready.
        from visual_search import checks, receivers  # noqa: F401, PLC0415
        from visual_search.access import checks as of_the_door  # noqa: F401, PLC0415
        from visual_search.api import checks as of_the_api  # noqa: F401, PLC0415
        from visual_search.measuring import measures  # noqa: PLC0415
        from visual_search.storefront import checks as of_the_pages  # noqa: F401, PLC0415

        measures.register("scene_coco", measure=_objects)
        measures.register("words", measure=_words)
        measures.register("words_slips", measure=_slips)
        measures.register("words_spelling", measure=_spelling)
        heaps.keep_few()
        self.find_sources()
        receivers.connect()

    def find_sources(self) -> None:
        """Import `search.py` of every other app. Django's `autodiscover_modules` would import our own search.py, too."""
        for config in apps.get_app_configs():
            if config is not self and config.module is not None and module_has_submodule(config.module, "search"):
                import_module(f"{config.name}.search")


# Only `visual_search measure_quality` needs what these import.


def _objects(queries: Path, conditions: Conditions) -> Table:
    from visual_search.measuring.scenes import measure  # noqa: PLC0415

    return measure(queries, conditions.limit)


def _words(queries: Path, conditions: Conditions) -> Table:
    from visual_search.measuring.words import measure  # noqa: PLC0415

    return measure(queries, conditions)


def _slips(queries: Path, conditions: Conditions) -> Table:
    from visual_search.measuring.words import measure_slips  # noqa: PLC0415

    return measure_slips(queries, conditions)


def _spelling(queries: Path, conditions: Conditions) -> Table:
    from visual_search.measuring.words import measure_spelling  # noqa: PLC0415

    return measure_spelling(queries, conditions)
