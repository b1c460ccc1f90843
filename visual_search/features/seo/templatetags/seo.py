"""`{% load seo %}`: what search engines, and whoever shares a page, are told of it.

`{% seo_head %}` stands in the head of the shop's base template. It tells what the view put into the context as `seo`
(`facts.PageFacts`); `{% seo_head object=product %}` asks the source of the object instead.
"""

from __future__ import annotations

from typing import Any

from django import template
from django.http import HttpRequest
from django.template import Context
from django.utils.translation import get_language, to_locale

from visual_search import registry
from visual_search.features.seo import addresses, describing
from visual_search.features.seo.facts import PageFacts
from visual_search.features.seo.sites import Site, site

register = template.Library()


@register.inclusion_tag("visual_search_seo/head.html", takes_context=True)
def seo_head(context: Context, object: Any = None, collection: str = "") -> dict[str, Any]:
    """Canonical address, alternates, rules for robots, Open Graph and JSON-LD of this page."""
    request = context.get("request")
    if request is None:
        return {}
    of_shop = site()
    page = context.get("seo")
    if object is not None:
        page = of_shop.page(object, collection or registry.default())
    return told(request, page or PageFacts(""), of_shop)


def told(request: HttpRequest, page: PageFacts, of_shop: Site) -> dict[str, Any]:
    """What the head says. A page that no search engine should show says that alone."""
    if not (page.indexed and of_shop.is_indexed(request)):
        return {"hidden": True}
    absolute = request.build_absolute_uri
    path = addresses.canonical(request, of_shop, page.number)
    nodes = describing.graph(
        page, absolute, site=of_shop.name, home=of_shop.home, logo=of_shop.logo, search=of_shop.search_address()
    )
    thing = page.thing
    return {
        "page": page,
        "site_name": of_shop.name,
        "canonical": absolute(path),
        "alternates": [(code, absolute(address)) for code, address in addresses.alternates(path, of_shop)],
        "kind": "product" if thing else "website",
        "locale": to_locale(get_language() or "en"),
        "picture": absolute(page.picture.url) if page.picture else "",
        "offer": thing.offer if thing and thing.offer and thing.offer.price > 0 else None,
        "data": describing.script(nodes),
    }
