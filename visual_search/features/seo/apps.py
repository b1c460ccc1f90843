"""The Django app of search engine optimisation."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from visual_search.conf import declare


class SeoConfig(AppConfig):
    name = "visual_search.features.seo"
    label = "visual_search_seo"
    verbose_name = _("Visual search: search engines")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Imported here because models can't be imported before the app registry is ready.
        from visual_search.features.seo import checks, options  # noqa: F401, PLC0415

        declare(options.SETTINGS)
