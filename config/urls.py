"""All addresses of the reference shop."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.decorators.cache import cache_control
from django.views.static import serve

from catalog.languages.addresses import in_languages
from visual_search.access.logins import limited_login

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/login/", limited_login(admin.site.login)),
    path("admin/", admin.site.urls),
    # Most of these are for programs; its one page goes by the language that was read last.
    path("", include("visual_search.features.query_log.urls")),
    path("", include("visual_search.features.compatibility.urls")),
    path("", include("visual_search.features.recommendations.urls")),
    path("", include("visual_search.features.seo.urls")),
    path("", include("visual_search.features.customer_service.programs")),
    path("api/v1/", include("visual_search.api.urls")),
    *in_languages(
        path("memory/", include("visual_search.features.personalisation.urls")),
        path("help/", include("visual_search.features.customer_service.urls")),
        path("search/", include("visual_search.storefront.urls")),
        path("", include("catalog.urls")),
    ),
]
if settings.SERVE_MEDIA:
    # Public pictures; a name never means another one. A busy shop lets its web server or object store serve them instead.
    for_good = cache_control(public=True, max_age=365 * 24 * 3600, immutable=True)
    urlpatterns.append(path("media/<path:path>", for_good(serve), {"document_root": settings.MEDIA_ROOT}))
