"""Addresses that robots ask for, to be included at the root of the host, outside of `i18n_patterns`."""

from django.urls import path

from visual_search.features.seo import views

app_name = "seo"

urlpatterns = [
    path("robots.txt", views.robots, name="robots"),
    path("sitemap.xml", views.sitemap, name="sitemap"),
    path("sitemap-<str:name>-<int:number>.xml", views.part, name="part"),
]
