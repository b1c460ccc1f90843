"""The Django app of the addresses that clients of other services know."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from visual_search.conf import declare


class CompatibilityConfig(AppConfig):
    name = "visual_search.features.compatibility"
    label = "visual_search_compatibility"
    verbose_name = _("Visual search: addresses for clients of other services")

    def ready(self) -> None:
        from visual_search.features.compatibility import checks, options  # noqa: F401, PLC0415

        declare(options.SETTINGS)
