"""The templates themselves: they can be read, and a page has the style and the scripts of search once."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import django_htmx
import pytest
from django.template.backends.django import DjangoTemplates
from django.test import RequestFactory

from tests.search.shop import photo_of
from tests.storefront.test_results import upload

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted(path for room in ("visual_search", "catalog") for path in (ROOT / room).rglob("templates/**/*.html"))
STYLE = "visual_search/search.css"
SCRIPTS = [
    f"visual_search/{name}.js"
    for name in ("htmx", "field", "photos", "search", "sheet", "acts", "parts", "facets", "suggest")
]


def brought(html: str) -> list[str]:
    """The style and the scripts that every page with a search box needs, in the page's order."""
    linked = re.findall(r'<(?:link rel="stylesheet" href|script src)="[^"]*?(visual_search/[^"]+)"', html)
    return [name for name in linked if name in (STYLE, *SCRIPTS)]


def rendered(source: str, more: dict[str, str] | None = None) -> str:
    """A shop's page; `more` are its other templates by name."""
    loaders = [("django.template.loaders.locmem.Loader", more or {}), "django.template.loaders.app_directories.Loader"]
    options = {"loaders": loaders, "builtins": ["visual_search.templatetags.visual_search"]}
    shop = DjangoTemplates({"NAME": "shop", "DIRS": [], "APP_DIRS": False, "OPTIONS": options})
    return shop.from_string(source).render({}, RequestFactory().get("/"))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_lines_are_short_enough_to_read(path) -> None:
    long = [number for number, line in enumerate(path.read_text().splitlines(), 1) if len(line) > 160]
    assert not long, f"lines {long} are longer than 160 characters"


def test_every_room_with_templates_is_looked_at() -> None:
    rooms = {path.relative_to(ROOT).parts[: path.relative_to(ROOT).parts.index("templates")] for path in TEMPLATES}
    features = [("visual_search", "features", name) for name in ("personalisation", "query_log")]
    assert rooms >= {("catalog",), ("visual_search",), *features}


@pytest.mark.parametrize("base", ["catalog/base.html", "visual_search/base.html"])
def test_style_and_scripts_stand_in_the_head_once(shop, client, base) -> None:
    shop.use(BASE_TEMPLATE=base)
    product = shop.products["CHR-RED-01"].get_absolute_url()
    pages = [client.get(address) for address in ("/", product, "/search/?q=chair", "/search/?page=x", "/memory/")]
    pages.append(upload(client, photo_of("chair", "red")))
    for response in pages:
        head, _, body = response.content.decode().partition("</head>")
        assert brought(head) == [STYLE, *SCRIPTS]
        assert brought(body) == []
        assert 'type="file"' in body


def test_a_page_without_the_head_tag_has_them_once_too() -> None:
    page = rendered("<head></head><body>{% search_box %}<main></main>{% search_box %}</body>")
    assert page.count('type="file"') == 2
    assert brought(page) == [STYLE, *SCRIPTS]
    assert brought(page.partition("</head>")[0]) == []


@pytest.mark.parametrize(
    "page",
    [
        "{% search_head %}</head>{% include 'box.html' %}",
        "{% include 'head.html' %}</head>{% search_box %}",
        "{% include 'head.html' only %}</head>{% include 'box.html' only %}",
        "{% extends 'base.html' %}{% block content %}{% search_box %}{% endblock %}",
    ],
)
def test_a_head_and_a_header_in_files_of_their_own_are_one_page(page) -> None:
    others = {
        "head.html": "{% search_head %}",
        "box.html": "{% search_box %}",
        "base.html": "<head>{% include 'head.html' %}</head>{% block content %}{% endblock %}",
    }
    html = rendered(page, others)
    assert brought(html) == [STYLE, *SCRIPTS]
    assert brought(html.partition("</head>")[0]) == [STYLE, *SCRIPTS]


@pytest.mark.parametrize("address", ["/search/?q=chair", "/search/?page=x", "/search/similar/{}/"])
def test_a_base_that_knows_nothing_of_search_has_them_once_too(shop, client, address) -> None:
    shop.use(BASE_TEMPLATE="bases/bare.html")
    page = client.get(address.format(shop.id("CHR-RED-01"))).content.decode()
    assert "A shop that knows nothing of search" in page  # It has neither a title nor a head to fill.
    assert brought(page) == [STYLE, *SCRIPTS]


def test_our_htmx_is_the_one_of_its_makers() -> None:
    ours = (ROOT / "visual_search/static/visual_search/htmx.js").read_text()
    theirs = Path(django_htmx.__file__).parent / "static/django_htmx/htmx-2.min.js"
    assert re.split(r"^// -+\n", ours, flags=re.M)[1].strip() == theirs.read_text().strip()


def test_the_next_page_has_them_again() -> None:
    assert [brought(rendered("{% search_head %}{% search_box %}")) for _ in range(2)] == [[STYLE, *SCRIPTS]] * 2


def test_a_shop_without_the_api_has_no_suggestions(settings) -> None:
    settings.ROOT_URLCONF = "tests.storefront.urls_without_api"
    page = rendered("{% search_head %}{% search_box %}")
    assert brought(page) == [STYLE, *SCRIPTS[:-1]]
    assert "data-vs-suggest" not in page


FOR_STAFF = ("pin.js", "rule.js")  # The admin, and pages of staff alone, load these.


def test_all_scripts_together_are_small() -> None:
    """What a shopper's phone loads beside htmx: the shop's pages with every feature. Pages of others load the widget alone."""
    found = {
        path.name: len(gzip.compress(path.read_bytes())) for path in (ROOT / "visual_search").rglob("static/**/*.js")
    }
    widget = found.pop("widget.js")
    del found["htmx.js"]
    for name in FOR_STAFF:
        del found[name]
    assert len(found) >= 8
    assert sum(found.values()) <= 30_000
    assert widget <= 5_000
