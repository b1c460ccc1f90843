"""The Django app: finds every app's sources and connects the receivers. It loads no model and no engine."""

from django.apps import AppConfig


class VisualSearchConfig(AppConfig):
    name = "visual_search"
    verbose_name = "Visual search"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Imported here because models can't be imported before the app registry is ready.
        from visual_search import checks, receivers  # noqa: F401, PLC0415

        receivers.connect()
