"""The Django app of insights."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from visual_search.conf import declare


class InsightsConfig(AppConfig):
    name = "visual_search.features.insights"
    label = "visual_search_insights"
    verbose_name = _("Visual search: insights")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Imported here because models can't be imported before the app registry is ready.
        from visual_search.features.insights import checks, options, receivers, remedying  # noqa: F401, PLC0415

        declare(options.SETTINGS)
        receivers.connect()
        remedying.connect()
