"""Both engines suggest the same questions, categories and products for the same unfinished words."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.live.moving import to_elasticsearch
from tests.search.shop import Shop, _intact, empty_shop  # noqa: F401
from visual_search import rebuilding, wiring
from visual_search.hooks import Rewritten
from visual_search.suggesting import Suggestion, Typed, suggest
from visual_search.types import AnyOf

pytestmark = pytest.mark.live

TYPED = (
    "cha", "chairs", "red cha", "cha red", "WOOD", "messingl", "grünes so", "GFT-CRD-07", "gift-crd", "床", "红色", "stoo",
    "bar stoo", "zzz", "zzz cha", "se", "c", "", "stuhl", "chiar", "messignl", "bra stol", "m4", "1/2", "½", "1½ pip", "t-sh",
    "seat", "nor", "дива", "مصبا", "chair re",
)  # fmt: skip


@pytest.fixture
def stocked(empty_shop: Shop) -> Shop:  # noqa: F811
    empty_shop.fill()
    more = ("Screw M4x20", 'Pipe 1/2"', "Pipe ½", "Pipe 1½", "T-shirt", "Диван", "مصباح")
    for number, title in enumerate(["Stool", "STOOL", "Bar stool", "红色床", "Stool of oak", "Stuhlkissen", *more]):
        empty_shop.add(f"NEW-{number}", title, category="Home", price=Decimal(9), stock=1)
    empty_shop.index()
    rebuilding.rebuild("products")
    return empty_shop


def found(language: str) -> dict[str, tuple[Suggestion, ...]]:
    return {words: suggest(Typed(words, language=language)).lines for words in TYPED}


@pytest.mark.parametrize("narrowed", [False, True])
def test_elasticsearch_suggests_what_the_embedded_engine_suggests(stocked, elasticsearch_url, prefix, narrowed) -> None:
    if narrowed:
        steps = {"rewrite": lambda query, moment: Rewritten(replace(query, filters=(AnyOf("category", ("Home",)),)))}
        stocked.use(REWRITERS=[{"BACKEND": "tests.hooks.doubles.Scripted", "OPTIONS": {"steps": steps}}])
    embedded = {language: found(language) for language in ("en", "de")}
    to_elasticsearch(stocked, elasticsearch_url, prefix)
    assert {language: found(language) for language in ("en", "de")} == embedded
    assert embedded["en"]["bar stoo"][0].title == "Bar stool"
    told = [(line.kind, line.title) for line in embedded["en"]["stoo"]]
    assert told == [("query", "stool"), *(("product", title) for title in ("Stool", "Stool of oak", "Bar stool"))]
    assert [line.title for line in embedded["de"]["grünes so"]] == ["Grünes Sofa"]
    assert [line.title for line in embedded["en"]["chiar"]][:2] == ["chair", "Chairs"]
    assert embedded["en"]["seat"][0].title == "Seating"
    wiring.engine().drop("products")
