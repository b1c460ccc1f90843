"""The Django app of the customer service."""

from pathlib import Path

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from visual_search.conf import declare
from visual_search.measuring.measures import Conditions, Table, register


class CustomerServiceConfig(AppConfig):
    name = "visual_search.features.customer_service"
    label = "visual_search_customer_service"
    verbose_name = _("Visual search: customer service")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Imported here because models can't be imported before the app registry is ready.
        from visual_search.features.customer_service import checks, options, receivers  # noqa: F401, PLC0415

        declare(options.SETTINGS)
        receivers.connect()
        register("customer_service", measure=_questions)
        register("customer_service_parts", measure=_parts)


# Each is imported when it is asked for: serving a shop needs none of them.
def _questions(queries: Path, conditions: Conditions) -> Table:
    from visual_search.features.customer_service.measuring.questions import measure  # noqa: PLC0415

    return measure(queries, conditions)


def _parts(queries: Path, conditions: Conditions) -> Table:
    from visual_search.features.customer_service.measuring.parts import measure  # noqa: PLC0415

    return measure(queries, conditions)
