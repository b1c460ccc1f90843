"""The Django app of ranking by behaviour."""

from pathlib import Path

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from visual_search.conf import declare
from visual_search.measuring.measures import Conditions, Table, register


class ImplicitFeedbackConfig(AppConfig):
    name = "visual_search.features.implicit_feedback"
    label = "visual_search_implicit_feedback"
    verbose_name = _("Visual search: ranking by behaviour")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Imported here because models can't be imported before the app registry is ready.
        from visual_search.features.implicit_feedback import checks, options, receivers  # noqa: F401, PLC0415

        declare(options.SETTINGS)
        receivers.connect()
        register("behaviour_simulated", measure=_simulated)
        register("implicit_feedback", overhead=_overhead)
        register("behaviour_purchases", measure=_purchases)


def _simulated(queries: Path, conditions: Conditions) -> Table:
    # It simulates its shops, so it reads no folder.
    from visual_search.features.implicit_feedback.measuring.simulated import measure  # noqa: PLC0415

    return measure(limit=conditions.limit)


def _purchases(queries: Path, conditions: Conditions) -> Table:
    from visual_search.features.implicit_feedback.measuring.purchases import measure  # noqa: PLC0415

    return measure(queries / "personalisation", limit=conditions.limit)


def _overhead(questions: int) -> Table:
    from visual_search.features.implicit_feedback.measuring.overhead import overhead  # noqa: PLC0415 - models aren't ready above.

    return overhead(questions)
