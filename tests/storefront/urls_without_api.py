"""The addresses of a shop that shows search and offers no API."""

from django.urls import include, path

urlpatterns = [path("search/", include("visual_search.storefront.urls"))]
