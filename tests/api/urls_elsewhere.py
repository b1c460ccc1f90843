"""The addresses of a shop that includes the API below a path of its own, in one of its languages."""

from django.urls import include, path, re_path

urlpatterns = [re_path(r"^de/", include([path("find/", include("visual_search.api.urls"))]))]
