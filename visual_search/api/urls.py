"""Addresses of the REST API, to be included at `api/v1/`."""

from django.http import HttpRequest, JsonResponse
from django.urls import path, re_path
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from visual_search.api.openapi import OpenAPIView
from visual_search.api.problems import not_found
from visual_search.api.views import GroupedView, HealthView, LiveView, ReadyView, SearchView, SimilarView, SuggestView

app_name = "visual_search_api"


@csrf_exempt
def nothing_here(request: HttpRequest) -> JsonResponse:
    return not_found(
        _("There is nothing at %(path)s. The addresses are listed in openapi.json.") % {"path": request.path}
    )


urlpatterns = [
    path("search", SearchView.as_view(), name="search"),
    path("search/grouped", GroupedView.as_view(), name="grouped"),
    path("<str:collection>/<path:id>/similar", SimilarView.as_view(), name="similar"),
    path("suggest", SuggestView.as_view(), name="suggest"),
    path("health/live", LiveView.as_view(), name="live"),
    path("health/ready", ReadyView.as_view(), name="ready"),
    path("health", HealthView.as_view(), name="health"),
    path("openapi.json", OpenAPIView.as_view(), name="openapi"),
    re_path(r"", nothing_here),
]
