"""The Django app of personal order."""

from pathlib import Path

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from visual_search.measuring.measures import Conditions, Table, register


class PersonalisationConfig(AppConfig):
    name = "visual_search.features.personalisation"
    label = "visual_search_personalisation"
    verbose_name = _("Visual search: personal order")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Imported here because models can't be imported before the app registry is ready.
        from visual_search.features.personalisation import checks, receivers  # noqa: F401, PLC0415

        receivers.connect()
        register("personalisation", measure=_measure, overhead=_overhead)


def _measure(queries: Path, conditions: Conditions) -> Table:
    # Imported when it is asked for: serving a shop needs none of it.
    from visual_search.features.personalisation.measuring.purchases import measure  # noqa: PLC0415

    return measure(queries / "personalisation", limit=conditions.limit)


def _overhead(questions: int) -> Table:
    from visual_search.features.personalisation.measuring.overhead import overhead  # noqa: PLC0415 - models aren't ready above.

    return overhead(questions)
