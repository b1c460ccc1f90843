"""All addresses of the reference shop."""

from django.conf import settings
from django.conf.urls.static import static
from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/v1/", include("visual_search.api.urls")),
    path("search/", include("visual_search.storefront.urls")),
    path("", include("catalog.urls")),
    *static(settings.MEDIA_URL, document_root=settings.MEDIA_ROOT),
]
