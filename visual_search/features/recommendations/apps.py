"""The Django app of recommendations."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from visual_search.conf import declare


class RecommendationsConfig(AppConfig):
    name = "visual_search.features.recommendations"
    label = "visual_search_recommendations"
    verbose_name = _("Visual search: recommendations")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Imported here because models can't be imported before the app registry is ready.
        from visual_search.features.recommendations import checks, options  # noqa: F401, PLC0415

        declare(options.SETTINGS)
