"""The Django app of brand watch."""

from pathlib import Path

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from visual_search.conf import declare
from visual_search.measuring.measures import Conditions, Table, register


class BrandProtectionConfig(AppConfig):
    name = "visual_search.features.brand_protection"
    label = "visual_search_brand_protection"
    verbose_name = _("Visual search: brand watch")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Imported here because models can't be imported before the app registry is ready.
        from visual_search.features.brand_protection import checks, options, receivers  # noqa: F401, PLC0415

        declare(options.SETTINGS)
        receivers.connect()
        register("brand_protection", measure=_measure)


def _measure(queries: Path, conditions: Conditions) -> Table:
    # Imported when it is asked for: serving a shop needs none of it.
    from visual_search.features.brand_protection.measuring.copies import measure  # noqa: PLC0415

    return measure(queries, conditions)
