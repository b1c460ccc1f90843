"""Include it at the root, before the API: `path("", include("visual_search.features.query_log.urls"))`."""

from django.urls import path

from visual_search.features.query_log import views
from visual_search.features.query_log.api import EventsView

app_name = "query_log"
urlpatterns = [
    path("privacy/me", views.me, name="me"),
    path("api/v1/events", EventsView.as_view(), name="events"),
    path(".well-known/gpc.json", views.gpc, name="gpc"),
]
