"""All addresses of the reference shop but the REST API's."""

from config.urls import urlpatterns as shop

urlpatterns = [entry for entry in shop if getattr(entry, "app_name", "") != "visual_search_api"]
