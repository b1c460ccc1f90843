"""Quality on public data doesn't fall. Floors only go up; what they are measured on is in docs/how-to/measure-quality.md."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.evaluation import DATA, evaluation_data
from visual_search import wiring
from visual_search.measuring.datasets import read_task, spread
from visual_search.measuring.quality import measure
from visual_search.measuring.readings import ItemReadings
from visual_search.measuring.scratch import CachingEncoder

pytestmark = [pytest.mark.quality, pytest.mark.slow]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CachingEncoder]:
    evaluation_data("catalogue", "products.csv")
    file = Path(os.environ.get("MEASURING_CACHE", tmp_path_factory.mktemp("vectors"))) / "floors.sqlite3"
    caching = CachingEncoder(wiring.encoder(), file)
    yield caching
    caching.close()


@pytest.fixture(scope="module")
def readings() -> ItemReadings:
    """All three tasks ask the same catalogue, whose pictures are looked at once."""
    return ItemReadings(None)


@pytest.mark.parametrize(
    ("name", "queries", "floors"),
    [
        ("grocery_photo", 95, {"exact@1": 0.25, "exact@10": 0.70}),
        ("product_views", 79, {"exact@1": 0.60}),
        ("model_views", 95, {"exact@1": 0.85}),
    ],
)
def test_floors(
    encoder: CachingEncoder, readings: ItemReadings, name: str, queries: int, floors: dict[str, float]
) -> None:
    task = spread(read_task(name, catalogue=DATA / "catalogue", queries=DATA / "eval"), queries)
    found = measure(task, encoder, readings=readings).results
    for metric, floor in floors.items():
        assert found["search"][metric].mean >= floor, f"{name} {metric} fell to {found['search'][metric].mean:.3f}"
        # Simple colour is the harder baseline of the two.
        for baseline in ("random", "colour"):
            assert found["search"][metric].mean > found[baseline][metric].mean
