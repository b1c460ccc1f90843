"""All addresses of the reference shop but those of the features."""

from config.urls import urlpatterns as shop

urlpatterns = [
    entry for entry in shop if getattr(entry, "app_name", "") not in ("compatibility", "query_log", "personalisation")
]
