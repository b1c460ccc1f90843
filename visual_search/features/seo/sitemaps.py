"""The sitemap, written as it is read: an index, and parts that no crawler refuses for their size.

The protocol (sitemaps.org) allows 50,000 addresses and 50 MB a part. Each language of a page is an address of its own and names
all others, so that a part of a shop in eight languages is full of bytes before it is full of addresses. Of the image extension
`image:loc` alone is left; Google dropped its other tags in 2022.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC
from itertools import chain
from xml.sax.saxutils import escape, quoteattr

from visual_search.features.seo.addresses import alternates
from visual_search.features.seo.sites import Entry, Site

MOST_ADDRESSES = 50_000
MOST_BYTES = 50_000_000
BYTES_OF_AN_ADDRESS = 250  # a long one, with its markup
MOST_PICTURES = 20  # of a page that are named; the extension allows 1,000
ENTRANCES = "entrances"  # the name of the part of pages that show no single object
WRITTEN_TOGETHER = 200  # addresses that go out in one piece

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_SET = (
    '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
    ' xmlns:image="http://www.google.com/schemas/sitemap-image/1.1" xmlns:xhtml="http://www.w3.org/1999/xhtml">\n'
)
_INDEX = '<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'


def pages_in_a_part(site: Site) -> int:
    """How many pages, each in all languages, fit into a part.

    A page of a shop in 8 languages has 8 addresses that name 9 each, beside up to 20 pictures.
    """
    languages = max(1, len(site.languages))
    named = 1 + (languages + 1 if site.languages else 0)
    of_a_page = languages * BYTES_OF_AN_ADDRESS * (named + 2)  # most pages have a picture or two
    return max(1, min(MOST_ADDRESSES // languages, MOST_BYTES // of_a_page))


def parts(site: Site) -> Iterator[tuple[str, int]]:
    """(name, number from 1) of each part. One count a collection."""
    yield ENTRANCES, 1
    size = pages_in_a_part(site)
    for collection in site.collections:
        for number in range(-(-site.count(collection) // size)):
            yield collection, number + 1


def index(addresses: Iterable[str]) -> Iterator[str]:
    """The index of the parts that have these addresses."""
    yield _HEAD + _INDEX
    for address in addresses:
        yield f"<sitemap><loc>{escape(address)}</loc></sitemap>\n"
    yield "</sitemapindex>\n"


def part(site: Site, name: str, number: int) -> Iterator[Entry] | None:
    """The pages of this part; None where there is none of this name and number. Nothing is read before it is asked for."""
    if name == ENTRANCES:
        return site.entrances() if number == 1 else None
    if name not in site.collections or number < 1:
        return None
    size = pages_in_a_part(site)
    rows = site.entries(name, (number - 1) * size, number * size)
    first = next(rows, None)
    return None if first is None else chain([first], rows)


def written(entries: Iterable[Entry], site: Site, absolute: Callable[[str], str]) -> Iterator[str]:
    """A part as XML, some addresses at a time."""
    yield _HEAD + _SET
    lines: list[str] = []
    for entry in entries:
        lines += _addresses(entry, site, absolute)
        if len(lines) >= WRITTEN_TOGETHER:
            yield "".join(lines)
            lines = []
    yield "".join(lines) + "</urlset>\n"


def _addresses(entry: Entry, site: Site, absolute: Callable[[str], str]) -> Iterator[str]:
    named = [(code, absolute(path)) for code, path in alternates(entry.path, site)]
    shared = "".join(f'<xhtml:link rel="alternate" hreflang="{code}" href={quoteattr(at)}/>' for code, at in named)
    if entry.changed is not None:
        shared = f"<lastmod>{entry.changed.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}</lastmod>{shared}"
    pictures = (absolute(url) for url in entry.pictures[:MOST_PICTURES])
    shared += "".join(f"<image:image><image:loc>{escape(url)}</image:loc></image:image>" for url in pictures)
    own = [address for code, address in named if code != "x-default"] or [absolute(entry.path)]
    for address in own:
        yield f"<url><loc>{escape(address)}</loc>{shared}</url>\n"
