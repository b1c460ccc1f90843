"""The documentation builds as a site without a warning, and its pages ask no other host for anything."""

from __future__ import annotations

import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.docs.conftest import ROOT, build

DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
PROSE = {page: re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(), flags=re.S) for page in PAGES}


class Loaded(HTMLParser):
    """What a browser loads by itself for a page: everything but the links that a reader may follow."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.styles = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        self.styles += given.get("style", "")
        kinds = ("src", "srcset", "data", "poster", "action", "formaction") if tag != "a" else ()
        self.addresses += [given[kind] for kind in kinds if kind in given]
        if tag == "link" and "href" in given:
            self.addresses.append(given["href"])


def test_every_page_is_built_and_in_the_menu(site: Path) -> None:
    front = (site / "index.html").read_text()
    pages = [page.relative_to(DOCS).with_suffix(".html") for page in DOCS.rglob("*.md")]
    assert len(pages) > 40
    assert [page for page in pages if not (site / page).exists()] == []
    outside = [str(page) for page in pages if page.parts[0] != "decisions" and str(page) != "README.html"]
    assert [page for page in outside if f'<a class="reference internal" href="{page}">' not in front] == []
    kinds = re.findall(r'class="caption-text">([^<]+)<', front)
    assert kinds == ["Tutorial", "How to", "Reference", "Explanation", "Decisions"]


def test_no_page_loads_anything_from_another_host(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 40
    loaded = {page: Loaded(page.read_text()) for page in pages}
    away = {address for it in loaded.values() for address in it.addresses if urlsplit(address).netloc}
    assert away == set()
    styles = [*(file.read_text() for file in site.rglob("*.css")), *(it.styles for it in loaded.values())]
    assert len(styles) > len(pages) + 2
    named = [address for style in styles for address in re.findall(r"""(?:url\(|@import)\s*["']?([^"')]+)""", style)]
    assert [address for address in named if urlsplit(address).netloc] == []


def test_a_file_of_the_source_can_be_read_from_a_page(site: Path) -> None:
    house = (site / "explanation/the-house.html").read_text()
    (file,) = re.findall(r'href="(\.\./_downloads/\w+/__init__\.py)"', house)
    assert (site / "explanation" / file).read_text() == (ROOT / "visual_search/hooks/__init__.py").read_text()


def test_each_fault_of_a_page_stops_the_build(tmp_path: Path) -> None:
    copy = tmp_path / "docs"
    shutil.copytree(
        DOCS, copy, ignore=shutil.ignore_patterns("decisions", "explanation", "how-to", "tutorial", "reference")
    )
    (copy / "there.md").write_text(
        "# There\n\n[the folder](../visual_search/), [a file](../Makefile), [a page](../NEWS.md)\n"
    )
    front = "# Documentation\n\n## Tutorial\n\n- [There](there.md)\n"
    (tmp_path / "visual_search").mkdir()
    (tmp_path / "Makefile").touch()
    (tmp_path / "NEWS.md").touch()

    def said(text: str) -> str:
        (copy / "README.md").write_text(front + text)
        done = build(copy, tmp_path / "site")
        assert (done.returncode == 0) == (not done.stderr), done.stderr
        return done.stderr

    assert said("") == ""
    wrong = said(
        "\n[no page](gone.md), [no heading](there.md#gone), [no file](../gone.py), [no picture](gone.png)\n![](gone.png)\n"
    )
    for target in ("'gone.md'", "'gone'", "'../gone.py'", "'gone.png'", "image file not readable: gone.png"):
        assert target in wrong
    (copy / "alone.md").write_text("# Nobody leads here\n")
    assert "alone.md: WARNING: document isn't included in any toctree" in said("")


def slug(heading: str) -> str:
    """The anchor that code hosts give a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_anchors_lead_to_headings(page: Path) -> None:
    """On code hosts too, and from the pages that are no part of the site."""
    links = re.findall(r"\]\((?!https?://|mailto:)([^)#\s]*)#([^)\s]+)\)", page.read_text())
    headings = {
        target: {slug(heading) for heading in re.findall(r"^#+ (.+)$", (page.parent / target).read_text(), flags=re.M)}
        for target in {target or page.name for target, _ in links}
    }
    assert [(target, anchor) for target, anchor in links if anchor not in headings[target or page.name]] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_addresses_of_other_sites_are_well_formed(page: Path) -> None:
    """Whether they answer can't be asked here: there may be no network."""
    found = re.findall(r"\]\((\w+://[^)]*)\)|<(\w+://[^>]*)>", PROSE[page])
    for address in filter(None, (first or second for first, second in found)):
        parts = urlsplit(address)
        assert parts.scheme in ("https", "http"), address
        assert re.fullmatch(r"(?:[a-z0-9-]+\.)+[a-z]{2,}|localhost|127\.0\.0\.1", parts.hostname or ""), address
        assert re.fullmatch(r"[\w\-./~%?&=#:+,@]*", f"{parts.path}{parts.query}{parts.fragment}"), address
