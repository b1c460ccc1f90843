"""Include them at the root, before the API: `path("", include("visual_search.features.query_log.urls"))`."""

from django.urls import path

from visual_search.features.query_log import api, views

app_name = "query_log"
urlpatterns = [
    path("privacy/me", views.me, name="me"),
    path("api/v1/events", api.EventsView.as_view(), name="events"),
    path(".well-known/gpc.json", api.gpc, name="gpc"),
]
