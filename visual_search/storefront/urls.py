"""Addresses of the search pages, to be included at `search/`."""

from django.urls import path, register_converter

from visual_search import registry
from visual_search.storefront import views


class PublicCollection:
    """Only the name of a collection that anybody may ask: the shop's own addresses may begin like ours."""

    regex = "[^/]+"

    def to_python(self, value: str) -> str:
        if value not in registry.public():
            raise ValueError(value)
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(PublicCollection, "public_collection")

app_name = "visual_search"

# An address without a name is that of the shop's products.
urlpatterns = [
    path("", views.results, name="results"),
    path("share/", views.shared, name="share"),
    path("similar/<path:object_id>/", views.similar, name="similar"),
    path("<public_collection:collection>/", views.results, name="results"),
    path("<public_collection:collection>/similar/<path:object_id>/", views.similar, name="similar"),
]
