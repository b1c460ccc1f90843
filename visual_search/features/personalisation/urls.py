"""Include them where the page shall stand: `path("memory/", include("visual_search.features.personalisation.urls"))`."""

from django.urls import path

from visual_search.features.personalisation import api, views

app_name = "personalisation"
urlpatterns = [
    path("", views.memory, name="memory"),
    path("shown", views.shown, name="shown"),
    path("account", api.account, name="account"),
]
