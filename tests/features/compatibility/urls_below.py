"""The addresses below a path of the project's own."""

from django.urls import include, path

urlpatterns = [path("elsewhere/", include("visual_search.features.compatibility.urls"))]
