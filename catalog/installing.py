"""The shop as an app of a phone: its manifest, its service worker, and the page that it shows without a network."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import get_script_prefix, reverse
from django.utils.translation import get_language_bidi, get_language_info
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

PHOTOS = ("image/jpeg", "image/png", "image/webp", "image/heic", "image/heif")  # what a phone may share with the shop
ICONS = (("icon-192", 192, "any"), ("icon-512", 512, "any"), ("icon-maskable-512", 512, "maskable"))


@require_safe
@cache_control(private=True, max_age=3600)
def manifest(request: HttpRequest) -> HttpResponse:
    """What a phone needs to install the shop, in the language of the page that links here."""
    root = get_script_prefix()
    told = {
        "id": root,
        "name": "Furnish",
        "short_name": "Furnish",
        "description": _("Furniture by photo"),
        "lang": get_language_info(request.LANGUAGE_CODE)["code"],
        "dir": "rtl" if get_language_bidi() else "ltr",
        "start_url": reverse("catalog:home"),
        "scope": root,
        "display": "standalone",
        "theme_color": "#7a3e1d",
        "background_color": "#fffdfa",
        "icons": [
            {
                "src": static(f"catalog/{name}.png"),
                "sizes": f"{side}x{side}",
                "type": "image/png",
                "purpose": purpose,
            }
            for name, side, purpose in ICONS
        ],
        "share_target": {
            "action": reverse("visual_search:share"),
            "method": "POST",
            "enctype": "multipart/form-data",
            "params": {"files": [{"name": "image", "accept": list(PHOTOS)}]},
        },
    }
    return JsonResponse(told, content_type="application/manifest+json")


@require_safe
@cache_control(no_cache=True)
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker, for the whole shop: it would see only pages below its own address, which has a language in front."""
    response = render(request, "catalog/worker.js", content_type="text/javascript")
    response["Service-Worker-Allowed"] = get_script_prefix()
    return response


@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """What is shown where the shop can't be reached; the service worker keeps it."""
    return render(request, "catalog/offline.html")
