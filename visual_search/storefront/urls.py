"""Addresses of the search pages, to be included at `search/`."""

from django.urls import path

from visual_search.storefront import views

app_name = "visual_search"

urlpatterns = [
    path("", views.results, name="results"),
    path("similar/<str:object_id>/", views.similar, name="similar"),
]
