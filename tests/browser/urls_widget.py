"""The shop's addresses, and a page of its own that has the widget."""

from django.http import HttpRequest, HttpResponse
from django.template import RequestContext, Template
from django.urls import path

from config import urls

PAGE = """<!doctype html><html lang="en"><head><title>Blog</title><link rel="icon" href="data:,"></head>
<body>{% load visual_search %}{% search_widget basket=True %}{% search_widget collection="products" %}</body></html>"""


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(Template(PAGE).render(RequestContext(request)))


urlpatterns = [path("widget-page/", page), *urls.urlpatterns]
