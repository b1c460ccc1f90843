"""The Django app of the query log."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from visual_search.conf import declare
from visual_search.measuring.measures import Table, register


class QueryLogConfig(AppConfig):
    name = "visual_search.features.query_log"
    label = "visual_search_query_log"
    verbose_name = _("Visual search: query log")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Imported here because models can't be imported before the app registry is ready.
        from visual_search.features.query_log import checks, options, receivers  # noqa: F401, PLC0415

        declare(options.SETTINGS)
        receivers.connect()
        register("query_log", overhead=_overhead)


def _overhead(questions: int) -> Table:
    from visual_search.features.query_log.measuring import overhead  # noqa: PLC0415 - models aren't ready above.

    return overhead(questions)
