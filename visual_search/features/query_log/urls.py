"""Include it at the root: `path("", include("visual_search.features.query_log.urls"))`."""

from django.urls import path

from visual_search.features.query_log import views

app_name = "query_log"
urlpatterns = [
    path("privacy/me", views.me, name="me"),
    path("privacy/event", views.event, name="event"),
    path(".well-known/gpc.json", views.gpc, name="gpc"),
]
