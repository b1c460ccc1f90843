"""The sitemap is what the protocol allows, in parts that no crawler refuses, and never as a whole in memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from visual_search.features.seo import sitemaps
from visual_search.features.seo.sites import Entry, Site

MOST_ADDRESSES = 50_000  # of a part, by the protocol
SCHEMAS = Path(__file__).parent / "schemas"


class Large(Site):
    """A million pages that are made as they are read."""

    name = "Large"
    size = 1_000_000
    spoken: tuple[str, ...] = ("en", "de", "fr", "es", "pt-br", "ar", "ja", "zh-hans")
    most_ahead = 0

    collections = ["things"]  # type: ignore[assignment]

    @property
    def languages(self) -> tuple[str, ...]:
        return self.spoken

    def address(self, path: str, language: str) -> str:
        return f"/{language}{path}"

    def plain(self, path: str) -> str:
        return path

    def count(self, collection: str) -> int:
        return self.size

    def entries(self, collection: str, start: int, stop: int) -> Iterator[Entry]:
        changed = datetime(2026, 11, 1, 12, tzinfo=UTC)
        for n in range(start, min(stop, self.size)):
            self.most_ahead = n - start
            yield Entry(f"/p/{n}/", changed, (f"/media/{n}-a.jpg", f"/media/{n}-b.jpg"))


def at(path: str) -> str:
    return f"https://shop.example{path}"


def xml(site: Site, name: str, number: int) -> str:
    entries = sitemaps.part(site, name, number)
    assert entries is not None
    return "".join(sitemaps.written(entries, site, at))


def test_parts_hold_every_page_once_and_stay_within_the_limits() -> None:
    site = Large()
    parts = [number for name, number in sitemaps.parts(site) if name == "things"]
    size = sitemaps.pages_in_a_part(site)
    assert parts == list(range(1, len(parts) + 1))
    assert len(parts) * size >= site.size > (len(parts) - 1) * size
    whole = xml(site, "things", 2)
    assert whole.count("<url>") == size * 8 <= MOST_ADDRESSES
    assert len(whole.encode()) <= 50_000_000
    assert f"<loc>https://shop.example/de/p/{size}/</loc>" in whole
    assert sitemaps.part(site, "things", len(parts) + 1) is None


def test_a_shop_in_one_language_has_more_pages_a_part() -> None:
    site, several = Large(), Large()
    site.spoken = ()
    size = sitemaps.pages_in_a_part(site)
    assert MOST_ADDRESSES >= size > 8 * sitemaps.pages_in_a_part(several)
    site.size = size + 1
    assert list(sitemaps.parts(site)) == [("entrances", 1), ("things", 1), ("things", 2)]
    last = xml(site, "things", 2)
    assert last.count("<url>") == 1
    assert "hreflang" not in last


def test_many_categories_are_several_parts(monkeypatch) -> None:
    site = Large()
    site.size = 0
    size = sitemaps.pages_in_a_part(site)
    monkeypatch.setattr(Large, "entrances", lambda self: (Entry(f"/c/{n}/") for n in range(size + 1)))
    assert list(sitemaps.parts(site)) == [("entrances", 1), ("entrances", 2)]
    assert f"<loc>https://shop.example/de/c/{size}/</loc>" in xml(site, "entrances", 2)
    assert f"/c/{size}/" not in xml(site, "entrances", 1)


def test_a_part_with_all_pictures_of_its_pages_fits() -> None:
    site, address = Large(), f"/media/{'a' * 100}.jpg"
    entries = (Entry(f"/p/{n}/", None, (address,) * 40) for n in range(sitemaps.pages_in_a_part(site)))
    text = "".join(sitemaps.written(entries, site, at))
    assert text.count("<url>") == sitemaps.pages_in_a_part(site) * 8
    assert len(text) <= sitemaps.MOST_BYTES


def test_a_part_ends_before_it_is_too_large(monkeypatch, caplog) -> None:
    site = Large()
    whole = "".join(sitemaps.written([Entry("/ü/"), Entry("/p/")], site, at))
    monkeypatch.setattr(sitemaps, "MOST_BYTES", len(whole.encode()))
    assert "".join(sitemaps.written([Entry("/ü/"), Entry("/p/")], site, at)) == whole
    monkeypatch.setattr(sitemaps, "MOST_BYTES", len(whole.encode()) - 1)
    cut = "".join(sitemaps.written([Entry("/ü/"), Entry("/p/")], site, at))
    assert (cut.count("<url>"), cut.endswith("</url>\n</urlset>\n")) == (8, True)
    assert "before the page /p/" in caplog.text


def test_each_language_names_all_others_and_itself() -> None:
    site = Large()
    [urls] = re.findall("(?s)<loc>https://shop.example/de/p/0/</loc>(.*?)</url>", xml(site, "things", 1)[:40_000])
    assert re.findall('hreflang="([^"]+)"', urls) == [*site.spoken, "x-default"]
    assert "<lastmod>2026-11-01T12:00:00Z</lastmod>" in urls
    assert urls.count("<image:loc>") == 2


def test_no_more_is_read_than_was_written() -> None:
    site = Large()
    entries = sitemaps.part(site, "things", 1)
    assert entries is not None
    pieces = sitemaps.written(entries, site, at)
    for _ in range(3):
        next(pieces)
    assert site.most_ahead <= 2 * sitemaps.WRITTEN_TOGETHER


@pytest.mark.parametrize(("name", "number"), [("entrances", 2), ("things", 0), ("others", 1)])
def test_what_is_no_part_is_not_found(name: str, number: int) -> None:
    assert sitemaps.part(Large(), name, number) is None


def test_letters_of_xml_in_an_address_are_written_as_such() -> None:
    site = Large()
    site.spoken = ("en", "de")
    text = "".join(sitemaps.written([Entry('/p/a&b"<c>/', None, ("/m/x&y.jpg",))], site, at))
    assert '<loc>https://shop.example/en/p/a&amp;b"&lt;c&gt;/</loc>' in text
    assert "/m/x&amp;y.jpg" in text


def test_both_files_are_valid_by_the_schemas_of_the_protocol() -> None:
    xmlschema = pytest.importorskip("xmlschema", reason="xmlschema isn't installed (the extra `test` brings it)")
    site = Large()
    site.size = 30
    index = "".join(sitemaps.index([at("/sitemap-things-1.xml")]))
    xmlschema.XMLSchema(SCHEMAS / "siteindex.xsd").validate(index)
    schema = xmlschema.XMLSchema(SCHEMAS / "sitemap.xsd")
    text = xml(site, "things", 1)
    schema.validate(text)
    with pytest.raises(xmlschema.XMLSchemaValidationError):
        schema.validate(text.replace("<loc>https://shop.example/en/p/3/</loc>", ""))
