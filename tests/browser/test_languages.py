"""Pages in Arabic and in German, on a phone and on a desktop: no English word of the pages remains, and nothing scrolls sideways."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from catalog.languages.models import CategoryText
from catalog.models import Product
from tests import messages
from tests.browser.test_search import choose, photo, titles  # noqa: F401
from tests.search.shop import photo_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WIDTHS = (390, 1280)
NAMES = {
    "ar": {"Home": "المنزل", "Home > Seating": "المقاعد", "Home > Light": "الإضاءة"},
    "de": {"Home": "Zuhause", "Home > Seating": "Sitzmöbel", "Home > Light": "Beleuchtung"},
}
# Every text that is drawn or read out, one entry for each node and each attribute.
TEXTS = """() => {
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    if (!node.parentElement.closest("script, style, noscript, template")) found.push(node.data);
  }
  for (const one of document.querySelectorAll("[title], [alt], [aria-label], [placeholder]")) {
    for (const name of ["title", "alt", "aria-label", "placeholder"]) found.push(one.getAttribute(name) ?? "");
  }
  return [document.title, ...found].map((text) => text.trim().replace(/\\s+/g, " ")).filter(Boolean);
}"""


def english(language: str) -> re.Pattern[str]:
    """All strings that this language says in another way, as they would stand in a page."""
    wanted = []
    for package in messages.PACKAGES:
        for message in messages.read(package, language):
            ids = [message.id] if isinstance(message.id, str) else list(message.id)
            strings = [message.string] if isinstance(message.string, str) else list(message.string)
            wanted += [id for id in ids if id and id not in strings]
    plain = (re.sub(r"%\(\w+\)[sd]|%s", "\x00", re.sub(r"<[^>]+>", "", id)) for id in wanted)
    return re.compile("|".join(re.escape(id).replace("\x00", ".+") for id in plain if re.search("[A-Za-z]{2}", id)))


def left_over(tab, language: str) -> list[str]:
    pattern = english(language)
    return [text for text in tab.evaluate(TEXTS) if pattern.fullmatch(text.strip("←→ "))]


def pages(tab, language: str) -> Iterator[str]:
    """Opens one page after the other, and names it."""
    front = f"/{language}"
    product = Product.objects.published().order_by("pk").first()
    for name, address in (
        ("home", "/"),
        ("words", "/search/?q=chair"),
        ("nothing found", "/search/?q=chair&f.price.gte=999999"),
        ("no such page", "/nothing/"),
        ("a question that can't be asked", "/search/?page=0"),
        ("category", "/c/home/seating/"),
        ("empty basket", "/basket/"),
        ("memory", "/memory/"),
        ("credits", "/credits/"),
    ):
        tab.goto(front + address)
        yield name
    tab.goto(f"{front}/p/{product.sku}/")
    tab.wait_for_selector("main .product")
    yield "product"
    tab.locator(".buy button").click()
    tab.wait_for_selector("ul.lines")
    yield "basket"
    tab.locator("main a.button").click()
    tab.wait_for_selector("form.checkout")
    yield "checkout"
    tab.goto(front + "/")
    tab.set_input_files(
        "[data-vs-file]", {"name": "p.png", "mimeType": "image/png", "buffer": photo_of("sofa", "green")}
    )
    tab.wait_for_selector(".vs-asked-photo")
    tab.wait_for_selector("[data-vs-share-go]:visible")
    yield "photo"


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", ["ar", "de"])
def test_a_page_is_whole_in_its_language(tab, language: str, width: int) -> None:
    Product.objects.update(price=9, currency="EUR", stock=5)
    CategoryText.objects.bulk_create(
        CategoryText(path=path, language=language, name=name) for path, name in NAMES[language].items()
    )
    tab.set_viewport_size({"width": width, "height": 900})
    seen = []
    for name in pages(tab, language):
        seen.append(name)
        assert left_over(tab, language) == [], name
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        assert tab.evaluate("document.documentElement.lang") == language, name
        assert (tab.evaluate("getComputedStyle(document.body).direction") == "rtl") is (language == "ar"), name
    assert len(seen) == 13


def test_an_english_page_has_what_is_looked_for(tab) -> None:
    tab.goto("/search/?q=chair")
    assert len(left_over(tab, "de")) > 15
    assert {"Filter and sort", "Words, or a photo", "Search", "Results for “chair”"} <= set(left_over(tab, "ar"))


def test_another_language_keeps_the_photo(tab, live_shop, photo) -> None:  # noqa: F811
    tab.goto("/search/")
    choose(tab, photo)
    found = titles(tab)
    tab.locator("#language").select_option("de")
    tab.get_by_role("button", name="Choose").click()
    tab.locator("html[lang=de] .vs-asked-photo").wait_for()
    assert re.search(r"/de/search/#photo=[0-9a-z]+$", tab.url)
    assert len(titles(tab)) == len(found)
    assert tab.script_errors == []
