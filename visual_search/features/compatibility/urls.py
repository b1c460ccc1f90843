"""Include them at the root: `path("", include("visual_search.features.compatibility.urls"))`, or below any path of your own."""

from django.urls import path, re_path

from visual_search.features.compatibility import api

app_name = "compatibility"
_IN = "v1/projects/<str:project>/locations/<str:location>/"
urlpatterns = [
    path("v1/images:annotate", api.AnnotateView.as_view(), name="annotate"),
    path("v1/projects/<str:project>/images:annotate", api.AnnotateView.as_view()),
    path(f"{_IN}images:annotate", api.AnnotateView.as_view()),
    path(f"{_IN}productSets", api.ProductSetsView.as_view()),
    path(f"{_IN}productSets:import", api.ImportView.as_view()),
    path(f"{_IN}productSets/<str:name>", api.ProductSetView.as_view()),
    path(f"{_IN}productSets/<str:name>/products", api.ProductsOfSetView.as_view()),
    path(f"{_IN}products", api.ProductsView.as_view()),
    path(f"{_IN}products:purge", api.PurgeView.as_view()),
    path(f"{_IN}products/<path:product>/referenceImages", api.ReferenceImagesView.as_view()),
    path(f"{_IN}products/<path:product>/referenceImages/<path:image>", api.ReferenceImageView.as_view()),
    path(f"{_IN}products/<path:product>", api.ProductView.as_view()),
    re_path(r"^v1/", api.NoVisionView.as_view()),
    path("1/indexes/*/queries", api.QueriesView.as_view(), name="queries"),
    path("1/indexes/<str:index>/query", api.QueryView.as_view(), name="query"),
    re_path(r"^1/", api.NoIndexView.as_view()),
]
