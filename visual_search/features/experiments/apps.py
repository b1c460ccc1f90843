"""The Django app of experiments."""

from pathlib import Path

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from visual_search.conf import declare
from visual_search.measuring.measures import Conditions, Table, register


class ExperimentsConfig(AppConfig):
    name = "visual_search.features.experiments"
    label = "visual_search_experiments"
    verbose_name = _("Visual search: experiments")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Imported here because models can't be imported before the app registry is ready.
        from visual_search.features.experiments import checks, options, receivers  # noqa: F401, PLC0415

        declare(options.SETTINGS)
        receivers.connect()
        register("experiments", measure=_measure)


def _measure(queries: Path, conditions: Conditions) -> Table:
    # It simulates its shop, so it reads no folder.
    from visual_search.features.experiments.measuring import measure  # noqa: PLC0415

    return measure(limit=conditions.limit)
