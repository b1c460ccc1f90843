"""The Django app of recommendations."""

from pathlib import Path

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from visual_search.conf import declare
from visual_search.measuring.measures import Conditions, Table, register


class RecommendationsConfig(AppConfig):
    name = "visual_search.features.recommendations"
    label = "visual_search_recommendations"
    verbose_name = _("Visual search: recommendations")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Imported here because models can't be imported before the app registry is ready.
        from visual_search.features.recommendations import checks, options  # noqa: F401, PLC0415

        declare(options.SETTINGS)
        register("recommendations", measure=_purchases, overhead=_overhead)
        register("recommendations_budget", measure=_budget)
        register("related_products", measure=_related)
        register("scene_ikea", measure=_room)


def _purchases(queries: Path, conditions: Conditions) -> Table:
    # Imported when it is asked for: serving a shop needs none of it.
    from visual_search.features.recommendations.measuring.purchases import measure_folder  # noqa: PLC0415

    return measure_folder(queries, conditions)


def _budget(queries: Path, conditions: Conditions) -> Table:
    # It makes up its shop, so it reads no folder.
    from visual_search.features.recommendations.measuring.budget import measure  # noqa: PLC0415

    return measure()


def _related(queries: Path, conditions: Conditions) -> Table:
    from visual_search.features.recommendations.measuring.links import related_products  # noqa: PLC0415

    return related_products(queries, conditions)


def _room(queries: Path, conditions: Conditions) -> Table:
    from visual_search.features.recommendations.measuring.links import scene_ikea  # noqa: PLC0415

    return scene_ikea(queries, conditions)


def _overhead(questions: int) -> Table:
    # Imported when it is asked for: serving a shop needs none of it, and models aren't ready above.
    from visual_search.features.recommendations.measuring_offering import overhead  # noqa: PLC0415

    return overhead(questions)
