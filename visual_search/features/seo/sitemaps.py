"""The sitemap, written as it is read: an index, and parts that no crawler refuses for their size.

The protocol (sitemaps.org) allows 50,000 addresses and 50 MB a part. Each language of a page is an address of its own, names all
others and the page's pictures, so that a part is full of bytes long before it is full of addresses. Of the image extension
`image:loc` alone is left; Google dropped its other tags in 2022.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC
from itertools import chain, islice
from xml.sax.saxutils import escape, quoteattr

from visual_search.features.seo.addresses import alternates
from visual_search.features.seo.sites import Entry, Site

logger = logging.getLogger(__name__)

MOST_BYTES = 50_000_000
MOST_PARTS = 50_000  # that an index may name; a stranger may ask for any number
BYTES_OF_AN_ADDRESS = 250  # a long one, with its markup
MOST_PICTURES = 20  # of a page that are named; the extension allows 1,000
ENTRANCES = "entrances"  # the name of the parts of pages that show no single object
WRITTEN_TOGETHER = 25  # pages that go out in one piece

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_SET = (
    '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
    ' xmlns:image="http://www.google.com/schemas/sitemap-image/1.1" xmlns:xhtml="http://www.w3.org/1999/xhtml">\n'
)
_END = "</urlset>\n"
_INDEX = '<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'


def pages_in_a_part(site: Site) -> int:
    """How many pages, each in all languages, fit into a part.

    A page of a shop in 8 languages has 8 addresses that name 9 each, beside up to 20 pictures.
    """
    languages = max(1, len(site.languages))
    named = 1 + (languages + 1 if site.languages else 0)
    of_a_page = languages * BYTES_OF_AN_ADDRESS * (named + MOST_PICTURES)
    return max(1, MOST_BYTES // of_a_page)


def parts(site: Site) -> Iterator[tuple[str, int]]:
    """(name, number from 1) of each part. One count a collection."""
    size = pages_in_a_part(site)
    counts = {ENTRANCES: sum(1 for _ in site.entrances()), **{name: site.count(name) for name in site.collections}}
    for name, count in counts.items():
        for number in range(-(-count // size)):
            yield name, number + 1


def index(addresses: Iterable[str]) -> Iterator[str]:
    """The index of the parts that have these addresses."""
    yield _HEAD + _INDEX
    for address in addresses:
        yield f"<sitemap><loc>{escape(address)}</loc></sitemap>\n"
    yield "</sitemapindex>\n"


def part(site: Site, name: str, number: int) -> Iterator[Entry] | None:
    """The pages of this part; None where there is none of this name and number. Nothing is read before it is asked for."""
    if name not in (ENTRANCES, *site.collections) or not 1 <= number <= MOST_PARTS:
        return None
    size = pages_in_a_part(site)
    start, stop = (number - 1) * size, number * size
    rows = islice(site.entrances(), start, stop) if name == ENTRANCES else site.entries(name, start, stop)
    first = next(rows, None)
    return None if first is None else chain([first], rows)


def written(entries: Iterable[Entry], site: Site, absolute: Callable[[str], str]) -> Iterator[str]:
    """A part as XML, some addresses at a time. It ends before it is larger than crawlers read, however long addresses are."""
    yield _HEAD + _SET
    lines: list[str] = []
    room = MOST_BYTES - len(_HEAD + _SET + _END)
    for entry in entries:
        own = "".join(_addresses(entry, site, absolute))
        room -= len(own.encode())
        if room < 0:
            logger.warning(
                "A part of the sitemap is full before the page %s: shorten the shop's addresses.", entry.path
            )
            break
        lines.append(own)
        if len(lines) >= WRITTEN_TOGETHER:
            yield "".join(lines)
            lines = []
    yield "".join(lines) + _END


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
