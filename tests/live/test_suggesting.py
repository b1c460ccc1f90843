"""Both engines suggest the same products for the same unfinished words."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.search.shop import Shop, _intact, empty_shop  # noqa: F401
from visual_search import rebuilding, wiring
from visual_search.suggesting import Suggestion, Typed, suggest

pytestmark = pytest.mark.live

TYPED = (
    "cha", "chairs", "red cha", "cha red", "WOOD", "messingl", "grünes so", "GFT-CRD-07", "gift-crd", "床", "红色", "stoo",
    "bar stoo", "zzz", "zzz cha", "se", "c", "", "stuhl",
)  # fmt: skip


@pytest.fixture
def stocked(empty_shop: Shop) -> Shop:  # noqa: F811
    empty_shop.fill()
    for number, title in enumerate(["Stool", "STOOL", "Bar stool", "红色床", "Stool of oak", "Stuhlkissen"]):
        empty_shop.add(f"NEW-{number}", title, category="Home", price=Decimal(9), stock=1)
    empty_shop.index()
    return empty_shop


def found(language: str) -> dict[str, tuple[Suggestion, ...]]:
    return {words: suggest(Typed(words, language=language)).lines for words in TYPED}


def test_elasticsearch_suggests_what_the_embedded_engine_suggests(stocked, elasticsearch_url, prefix) -> None:
    embedded = {language: found(language) for language in ("en", "de")}
    stocked.use(
        ENGINE={
            "BACKEND": "visual_search.engines.elasticsearch.ElasticsearchEngine",
            "OPTIONS": {"hosts": elasticsearch_url, "index_prefix": prefix},
        }
    )
    rebuilding.rebuild("products")
    wiring.engine().refresh("products")
    assert {language: found(language) for language in ("en", "de")} == embedded
    assert embedded["en"]["bar stoo"][0].title == "Bar stool"
    assert [line.title for line in embedded["en"]["stoo"]] == ["Stool", "Stool of oak", "Bar stool"]
    assert [line.title for line in embedded["de"]["grünes so"]] == ["Grünes Sofa"]
    wiring.engine().drop("products")
