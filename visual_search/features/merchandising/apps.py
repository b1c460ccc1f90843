"""The Django app of merchandising."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from visual_search.measuring.measures import Table, register


class MerchandisingConfig(AppConfig):
    name = "visual_search.features.merchandising"
    label = "visual_search_merchandising"
    verbose_name = _("Visual search: rules and synonyms")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Imported here because models can't be imported before the app registry is ready.
        from visual_search.features.merchandising import checks, receivers  # noqa: F401, PLC0415

        receivers.connect()
        register("merchandising", overhead=_overhead)


def _overhead(questions: int) -> Table:
    from visual_search.features.merchandising.measuring import overhead  # noqa: PLC0415 - models aren't ready above.

    return overhead(questions)
