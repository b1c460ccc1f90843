"""Addresses of the shop's pages."""

from django.urls import include, path

from catalog import views

app_name = "catalog"

urlpatterns = [
    path("", views.home, name="home"),
    path("c/<path:slug>/", views.category, name="category"),
    path("p/<path:sku>/", views.product, name="product"),
    path("credits/", views.credits, name="credits"),
    path("language/", include("django.conf.urls.i18n")),
]
