"""The Django app of the customer service."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from visual_search.conf import declare


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
