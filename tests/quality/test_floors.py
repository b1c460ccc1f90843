"""Quality on public data doesn't fall. Floors only go up; what they are measured on is in docs/how-to/measure-quality.md."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.evaluation import DATA, evaluation_data
from visual_search import wiring
from visual_search.measuring.datasets import Task, read_task, spread
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


def among_a_third(task: Task) -> Task:
    """The task in a third of the catalogue, and what its questions ask for: to index all of it takes longer than all questions."""
    wanted = {id for question in task.questions for id in question.relevance}
    kept = [item for number, item in enumerate(task.items) if item.id in wanted or number % 3 == 0]
    return replace(task, items=tuple(kept))


@pytest.mark.parametrize(
    ("name", "queries", "floors"),
    [
        ("grocery_photo", 95, {"exact@1": 0.46, "exact@10": 0.88}),
        ("product_views", 79, {"exact@1": 0.66}),
        ("model_views", 95, {"exact@1": 0.92}),
    ],
)
def test_floors(
    encoder: CachingEncoder, readings: ItemReadings, name: str, queries: int, floors: dict[str, float]
) -> None:
    task = among_a_third(spread(read_task(name, catalogue=DATA / "catalogue", queries=DATA / "eval"), queries))
    found = measure(task, encoder, readings=readings).results
    for metric, floor in floors.items():
        assert found["search"][metric].mean >= floor, f"{name} {metric} fell to {found['search'][metric].mean:.3f}"
        # Simple colour is the harder baseline of the two.
        for baseline in ("random", "colour"):
            assert found["search"][metric].mean > found[baseline][metric].mean
