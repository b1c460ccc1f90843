"""Composed questions and scenes mean the same on both engines."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.querying.test_scenes import ROWS_OF_ROOM, own_detector, room
from tests.search.shop import Shop, _intact, draw  # noqa: F401
from visual_search import search, wiring
from visual_search.types import Query, QueryPicture

pytestmark = pytest.mark.live


@pytest.fixture
def shops(settings, tmp_path, db, _intact, elasticsearch_url, prefix) -> Iterator[tuple[Shop, dict, dict]]:  # noqa: F811
    """A filled shop, with the settings of the embedded engine and of Elasticsearch."""
    settings.MEDIA_ROOT = tmp_path / "media"
    shop = Shop(settings, tmp_path)
    shop.use(DETECTOR=own_detector(tmp_path, ROWS_OF_ROOM))
    shop.fill()
    embedded = settings.VISUAL_SEARCH
    backend = "visual_search.engines.elasticsearch.ElasticsearchEngine"
    options = {"hosts": elasticsearch_url, "index_prefix": prefix}
    settings.VISUAL_SEARCH = {**embedded, "ENGINE": {"BACKEND": backend, "OPTIONS": options}}
    from django.core.management import call_command

    call_command("visual_search", "rebuild", verbosity=0)
    wiring.engine().refresh("products")
    yield shop, embedded, settings.VISUAL_SEARCH
    wiring.reset()


def test_one_answer(shops, settings) -> None:
    shop, *engines = shops
    red, sofa = shop.id("CHR-RED-01"), shop.id("SOF-GRN-03")
    photo, other = draw("chair", "red"), draw("sofa", "green")
    questions = {
        "two photos": {"pictures": (QueryPicture(photo, weight=2), QueryPicture(other))},
        "a room": {"pictures": (QueryPicture(room()),)},
        "one of its things": {"pictures": (QueryPicture(room(), thing=1),)},
        "a box": {"pictures": (QueryPicture(room(), box=(0.0, 0.0, 0.5, 1.0)),)},
        "less like": {"pictures": (QueryPicture(photo),), "unlike": (red,)},
        "less like a photo": {"words": "chair", "pictures": (QueryPicture(photo, weight=-1),)},
        "kept out": {"words": "chair", "words_not": ("red",)},
        "browsing": {"unlike": (red,), "words_not": ("gift",)},
        "weighted": {"like": (red, sofa), "like_weights": {red: 3.0, sofa: 1.0}, "words": "table", "words_weight": 0.5},
    }
    for name, question in questions.items():
        found = []
        for engine in engines:
            settings.VISUAL_SEARCH = engine
            page = search.search(Query(**question))
            found.append({hit.id: hit.score for hit in page.hits})
        assert list(found[0]) == list(found[1]), name
        assert found[0] == pytest.approx(found[1], abs=2e-3), name
