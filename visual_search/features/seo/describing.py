"""From what a page shows to what machines read of it: schema.org as JSON-LD.

Which properties are required is Google's documentation of merchant listings, breadcrumbs and image metadata, and schema.org's of
the types. Every value comes from the facts of the page, so that nothing is told which the page doesn't show.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from visual_search.features.seo.facts import Family, Link, Offer, PageFacts, Shown, Thing
from visual_search.privacy import checksums

CONTEXT = "https://schema.org"
Absolute = Callable[[str], str]  # from an address of the shop to one with its host
Node = dict[str, Any]


def graph(page: PageFacts, absolute: Absolute, *, site: str, home: str, logo: str = "", search: str = "") -> list[Node]:
    """All that is told of a page. `home`, `logo`, `search`: addresses; the last one ends where the words begin."""
    nodes: list[Node] = []
    if page.is_home:
        nodes += [organization(site, absolute(home), absolute(logo) if logo else "")]
        nodes += [website(site, absolute(home), absolute(search) if search else "")]
    if len(page.trail) > 1:
        nodes.append(breadcrumbs(page.trail, absolute))
    if page.thing is not None:
        nodes.append(product(page.thing, absolute))
    if page.listed:
        nodes.append(item_list(page.listed, absolute, first=page.first_of))
    return nodes


def organization(name: str, home: str, logo: str = "") -> Node:
    return _filled({"@type": "Organization", "@id": f"{home}#organization", "name": name, "url": home, "logo": logo})


def website(name: str, home: str, search: str = "") -> Node:
    node = {"@type": "WebSite", "name": name, "url": home, "publisher": {"@id": f"{home}#organization"}}
    if search:
        node["potentialAction"] = {
            "@type": "SearchAction",
            "target": {"@type": "EntryPoint", "urlTemplate": f"{search}{{search_term_string}}"},
            "query-input": "required name=search_term_string",
        }
    return node


def breadcrumbs(trail: Iterable[Link], absolute: Absolute) -> Node:
    return {"@type": "BreadcrumbList", "itemListElement": _numbered(trail, absolute, address="item")}


def item_list(listed: Iterable[Link], absolute: Absolute, first: int = 1) -> Node:
    return {"@type": "ItemList", "itemListElement": _numbered(listed, absolute, address="url", first=first)}


def product(thing: Thing, absolute: Absolute) -> Node:
    """A product; of a family, the one that this page shows, and the pages of the others."""
    url = absolute(thing.url)
    node = {
        "@type": "Product",
        "@id": f"{url}#product",
        "name": thing.name,
        "url": url,
        "sku": thing.sku,
        "gtin": next(filter(_is_gtin, thing.codes), ""),
        "description": thing.description,
        "color": thing.colour,
        "category": thing.category,
        "brand": {"@type": "Brand", "name": thing.brand} if thing.brand else None,
        "image": [image(shown, absolute) for shown in thing.pictures],
        "offers": offer(thing.offer, url) if thing.offer and thing.offer.price > 0 else None,
        "isVariantOf": family(thing.family, absolute) if thing.family else None,
    }
    return _filled(node)


def offer(what: Offer, url: str) -> Node:
    return {
        "@type": "Offer",
        "url": url,
        # As many decimals as the shop keeps, with a dot: "1250.00".
        "price": format(what.price, "f"),
        "priceCurrency": what.currency,
        "availability": f"{CONTEXT}/{'InStock' if what.in_stock else 'OutOfStock'}",
        "itemCondition": f"{CONTEXT}/NewCondition",
    }


def family(what: Family, absolute: Absolute) -> Node:
    return _filled(
        {
            "@type": "ProductGroup",
            "productGroupID": what.key,
            "name": what.name,
            "variesBy": [f"{CONTEXT}/{name}" for name in what.varies_by],
            "hasVariant": [{"@type": "Product", "name": name, "url": absolute(url)} for name, url in what.others],
        }
    )


def image(shown: Shown, absolute: Absolute) -> Node:
    return _filled(
        {
            "@type": "ImageObject",
            "contentUrl": absolute(shown.url),
            "url": absolute(shown.url),
            "name": shown.alt,
            "width": shown.width,
            "height": shown.height,
            "license": shown.licence_url,
            "acquireLicensePage": absolute(shown.credits_url) if shown.licence_url and shown.credits_url else "",
            "creditText": shown.credit,
            "copyrightNotice": shown.credit,
        }
    )


def script(nodes: list[Node]) -> SafeString:
    """The block for a page's head; "" for nothing. It is data: no browser runs it, and the shop's policy has no say in it."""
    if not nodes:
        return SafeString("")
    text = json.dumps({"@context": CONTEXT, "@graph": nodes}, ensure_ascii=False)
    # What a product says could end the block otherwise. These escapes are Django's own of `json_script`.
    for letter in "<>&":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return mark_safe(f'<script type="application/ld+json">{text}</script>')  # noqa: S308 - escaped above


def _numbered(links: Iterable[Link], absolute: Absolute, *, address: str, first: int = 1) -> list[Node]:
    return [
        {"@type": "ListItem", "position": place, "name": name, address: absolute(url)}
        for place, (name, url) in enumerate(links, first)
    ]


def _is_gtin(code: str) -> bool:
    return code.isascii() and code.isdecimal() and checksums.gtin(code)


def _filled(node: Node) -> Node:
    """Without what is empty: an empty property is a fault to whoever reads it."""
    return {name: value for name, value in node.items() if value not in (None, "", [])}
