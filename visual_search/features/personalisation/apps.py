"""The Django app of personal ranking."""

from django.apps import AppConfig


class PersonalisationConfig(AppConfig):
    name = "visual_search.features.personalisation"
    label = "visual_search_personalisation"
    verbose_name = "Visual search: personal order"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Imported here because models can't be imported before the app registry is ready.
        from visual_search.features.personalisation import receivers  # noqa: PLC0415

        receivers.connect()
