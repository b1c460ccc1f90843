"""Include them at the root, before the API: `path("", include("visual_search.features.recommendations.urls"))`."""

from django.urls import path

from visual_search.features.recommendations import api, views

app_name = "recommendations"
urlpatterns = [
    path("api/v1/recommendations", api.OfferView.as_view(), name="offer"),
    path("api/v1/<str:collection>/<path:id>/related", api.RelatedView.as_view(), name="related"),
    path("recommended/", views.remembered, name="remembered"),
]
