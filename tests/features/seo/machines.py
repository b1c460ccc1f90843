"""Reads pages as a search engine does: with a parser of its own, and by what its documentation requires."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

# What Google's documentation requires of each type (merchant listings, breadcrumbs, image metadata, site names), and of an
# ItemList its summary pages; `|` parts what may stand for each other.
REQUIRED = {
    "Product": ("name", "url"),
    "Offer": ("price", "priceCurrency", "availability"),
    "ProductGroup": ("name", "productGroupID", "hasVariant"),
    "BreadcrumbList": ("itemListElement",),
    "ItemList": ("itemListElement",),
    "ListItem": ("position", "item|url"),
    "ImageObject": ("contentUrl", "name"),
    "WebSite": ("name", "url"),
    "Organization": ("name", "url"),
    "SearchAction": ("target", "query-input"),
    "EntryPoint": ("urlTemplate",),
    "Brand": ("name",),
}

ADDRESSES = ("url", "item", "contentUrl", "license", "acquireLicensePage", "logo")


def graph(html: str) -> list[dict[str, Any]]:
    """The nodes of a page, by the parser that others use."""
    jsonld = pytest.importorskip("extruct.jsonld", reason="extruct isn't installed (the extra `test` brings it)")
    found = jsonld.JsonLdExtractor().extract(html)
    return [node for block in found for node in block["@graph"]]


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    """All nodes, those inside of others too."""
    if isinstance(value, dict):
        if "@type" in value:
            yield value
        for inner in value.values():
            yield from nodes(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from nodes(inner)


def faults(html: str) -> list[str]:
    """What is missing, empty or no full address in the page's data."""
    found = []
    for node in nodes(graph(html)):
        kind = node["@type"]
        if kind not in REQUIRED:
            found.append(f"{kind} isn't known")
            continue
        if kind == "Product" and not {"image", "offers", "url"} & node.keys():
            found.append("Product says nothing")
        lacking = [names for names in REQUIRED[kind] if not any(node.get(name) for name in names.split("|"))]
        found += [f"{kind} lacks {names}" for names in lacking]
        for name, value in node.items():
            if value in ("", None, []):
                found.append(f"{kind}.{name} is empty")
            if name in ADDRESSES and not urlsplit(str(value)).scheme:
                found.append(f"{kind}.{name} has no host: {value}")
    return found


def of_type(html: str, kind: str) -> list[dict[str, Any]]:
    return [node for node in nodes(graph(html)) if node["@type"] == kind]


def canonical(html: str) -> str:
    return (re.findall(r'<link rel="canonical" href="([^"]+)">', html) or [""])[0].replace("&amp;", "&")


def alternates(html: str) -> dict[str, str]:
    found = re.findall(r'<link rel="alternate" hreflang="([^"]+)" href="([^"]+)">', html)
    return {code: address.replace("&amp;", "&") for code, address in found}


def is_hidden(html: str) -> bool:
    return '<meta name="robots" content="noindex">' in html
