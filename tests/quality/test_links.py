"""What a shop's own links teach of the products that have none doesn't get less. Floors only go up."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.apps import apps

from tests.evaluation import DATA, evaluation_data
from visual_search import wiring
from visual_search.measuring.scratch import CachingEncoder

pytestmark = [pytest.mark.quality, pytest.mark.slow]


def test_links_find_what_looks_and_titles_do_not(tmp_path: Path) -> None:
    if not apps.is_installed("visual_search.features.recommendations"):
        pytest.skip("recommendations aren't in INSTALLED_APPS")
    from visual_search.features.recommendations.measuring.links import related

    evaluation_data("eval/related_products", "links.csv")
    encoder = CachingEncoder(wiring.encoder(), tmp_path / "vectors.sqlite3")
    try:
        rows = related(DATA / "catalogue", DATA / "eval", encoder).rows
    finally:
        encoder.close()
    assert rows["goes with, all teach"]["R@10"] >= 0.33
    assert rows["goes with, a fifth teaches"]["R@10"] >= 0.32
    assert rows["content alone"]["R@10"] < 0.2
