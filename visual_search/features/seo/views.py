"""What robots read: their rules, and the sitemap.

Its views change nothing and say so to Django's check of the CSRF token, which would read a body that somebody sends, files and
all, before it is known that these addresses take none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import get_script_prefix, reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from visual_search.features.seo import sitemaps
from visual_search.features.seo.sites import site

XML = "application/xml; charset=utf-8"
an_hour = cache_control(public=True, max_age=3600)


@csrf_exempt
@require_safe
@an_hour
def robots(request: HttpRequest) -> HttpResponse:
    """Pages of results aren't forbidden here: a robot has to read a page to learn that it mustn't be shown."""
    lines = ["User-agent: *"]
    lines += [f"Disallow: {path}" for path in site().private] or ["Disallow:"]
    lines += ["", f"Sitemap: {request.build_absolute_uri(reverse('seo:sitemap'))}", ""]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")


@csrf_exempt
@require_safe
@an_hour
def sitemap(request: HttpRequest) -> StreamingHttpResponse:
    """The index of all parts."""
    named = (reverse("seo:part", args=parts) for parts in sitemaps.parts(site()))
    return _streamed(sitemaps.index(map(_at(request), named)))


@csrf_exempt
@require_safe
@an_hour
def part(request: HttpRequest, name: str, number: int) -> StreamingHttpResponse:
    """One part, sent as it is read, so that a million products take no more memory than a few hundred."""
    entries = sitemaps.part(site(), name, number)
    if entries is None:
        raise Http404(f"The sitemap has no part {number} of '{name}'.")
    return _streamed(sitemaps.written(entries, site(), _at(request)))


def _streamed(pieces: Iterator[str]) -> StreamingHttpResponse:
    return StreamingHttpResponse(pieces, content_type=XML)


def _at(request: HttpRequest) -> Callable[[str], str]:
    """From an address to one with this host. `build_absolute_uri` takes a part of the time of writing a million of them."""
    host = request.build_absolute_uri("/").removesuffix("/")
    here = get_script_prefix()

    def absolute(address: str) -> str:
        if address.startswith("//"):
            return f"{request.scheme}:{address}"
        if address.startswith("/"):
            return host + address
        return address if "://" in address else f"{host}{here}{address}"

    return absolute
