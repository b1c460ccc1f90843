"""Both engines fold sizes and colours alike, and count them alike."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.live.moving import to_elasticsearch
from tests.search.shop import _intact, empty_shop, shop  # noqa: F401
from tests.search.test_counting import QUESTIONS
from tests.search.test_families import tees  # noqa: F401
from visual_search import search
from visual_search.types import AnyOf, Page, Query

pytestmark = pytest.mark.live


def told(page: Page) -> object:
    hits = [(hit.id, hit.family, hit.folded, hit.more_variants, hit.variants) for hit in page.hits]
    return page.total, page.distant, hits, page.facets


def answers() -> list[object]:
    asked = [
        *QUESTIONS.values(),
        Query(words="t-shirt"),
        Query(sort="price"),
        Query(filters=(AnyOf("brand", ("Tee",)),)),
    ]
    return [told(search.search(replace(one, disjunctive=True, page_size=100))) for one in asked]


def test_elasticsearch_folds_what_the_embedded_engine_folds(tees, elasticsearch_url, prefix) -> None:  # noqa: F811
    embedded = answers()
    to_elasticsearch(tees, elasticsearch_url, prefix)
    assert answers() == embedded
    assert search.search(Query(words="t-shirt")).hits[0].folded
