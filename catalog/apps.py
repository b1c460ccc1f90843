"""The reference shop."""

from django.apps import AppConfig
from django.core.signals import request_started
from django.utils.translation import gettext_lazy as _


class CatalogConfig(AppConfig):
    name = "catalog"
    verbose_name = _("Catalogue")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from catalog import checks, receivers, tasks  # noqa: F401, PLC0415 - Models are ready by now, and not before.

        request_started.connect(tasks.look_for_leftovers, dispatch_uid="catalog.look_for_leftovers")
