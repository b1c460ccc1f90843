"""Lists of what stands in a thing's place are made at night, and are those that the index gives."""

from __future__ import annotations

import numpy as np
import pytest

from catalog.models import Product
from tests.search.shop import draw
from visual_search.content.stand_ins import StandIns
from visual_search.features.recommendations import alike, nearest, training
from visual_search.features.recommendations.models import Neighbour, Part

HIGH = {"low": 0.0, "high": 1.0, "admits": 0.3}


def made() -> dict[str, list[str]]:
    rows = Neighbour.objects.filter(build__live=True, build__part=Part.SIMILAR, kind="similar", source="content")
    found: dict[str, list[str]] = {}
    for item, other in rows.order_by("item", "rank").values_list("item", "other"):
        found.setdefault(item, []).append(other)
    return found


def assert_lists_are_those_of_the_index(shop) -> None:
    training.train("products")
    lists = made()
    assert len(lists) > 20
    for product in Product.objects.all():
        id = str(product.pk)
        assert lists.get(id, []) == list(nearest.similar("products", id))[: training.LONGEST_SIMILAR], product.sku


@pytest.mark.django_db
def test_a_night_makes_the_lists_that_the_index_would_give(furnished) -> None:
    shop = furnished
    shop.add(
        "views", "Red chair from all sides", draw("chair", "red", shift=9), draw("sofa", "blue"), german="Roter Stuhl"
    )
    shop.add("words", "Red sofa", german="Rotes Sofa")
    shop.add("picture", "", draw("table", "green", shift=7))
    variant = shop.add("variant", "Red chair, large", draw("chair", "red", shift=3))
    variant.parent = shop.products["chair-red"]
    variant.save()
    shop.index()
    assert_lists_are_those_of_the_index(shop)
    assert shop.id("variant") not in made()[shop.id("chair-red")]
    assert made()[shop.id("words")][0] == shop.id("sofa-red"), "by its words alone"


@pytest.mark.django_db
def test_what_only_stands_for_a_missing_picture_makes_nothing_alike(furnished) -> None:
    none = draw("mug", "black", background="brown")
    for sku, title in (("a", "Zither strings"), ("b", "Bicycle bell"), ("c", "Garden hose")):
        furnished.add(sku, title, none)
    furnished.index()
    assert StandIns("products").found()
    assert_lists_are_those_of_the_index(furnished)
    assert furnished.id("b") not in made().get(furnished.id("a"), [])


@pytest.mark.django_db
def test_an_index_with_other_weights_and_limits_is_followed(furnished, settings) -> None:
    settings.VISUAL_SEARCH = {**settings.VISUAL_SEARCH, "RANK_WINDOW": 9}
    nearest.forget()
    assert_lists_are_those_of_the_index(furnished)


# --- Arrays alone -------------------------------------------------------------------------------


def rows(vectors: np.ndarray, owner: list[int], things: int) -> alike.Rows:
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return alike.Rows(unit.astype(np.float16), np.array(owner), things)


def test_of_the_sizes_of_another_thing_two_are_listed() -> None:
    vectors = np.ones((6, 4)) + np.eye(6, 4) / 100
    leg = alike.Leg(rows(vectors, list(range(6)), 6), 1.0, asked=8, **HIGH)
    found = alike.Alike((leg,), np.array([0, 0, 1, 1, 1, 2]), vectors.astype(np.float32), 200).lists(9)
    of_first = found.other[found.item == 0].tolist()
    assert 1 not in of_first
    assert len(set(of_first) & {2, 3, 4}) == 2
    assert 5 in of_first


def test_a_large_shop_is_compared_by_cells_and_finds_what_lies_in_them(monkeypatch) -> None:
    rng = np.random.default_rng(0)
    kinds = rng.normal(size=(40, 16))
    vectors = np.repeat(kinds, 30, axis=0) + rng.normal(size=(1200, 16)) / 4
    leg = alike.Leg(rows(vectors, list(range(1200)), 1200), 1.0, asked=8, **HIGH)
    everything = alike.Alike((leg,), np.arange(1200), leg.rows.vectors.astype(np.float32), 200)
    exact = everything.lists(10)
    compared = []
    plain = alike.Alike._best

    def watched(self, items, others, most):
        compared.append(len(others))
        return plain(self, items, others, most)

    monkeypatch.setattr(alike.Alike, "_best", watched)
    for name, value in (("ENTIRE", 1000), ("CELL", 30), ("CANDIDATES", 200)):
        monkeypatch.setattr(alike, name, value)
    found = everything.lists(10)
    assert max(compared) < 600
    pairs = set(zip(exact.item.tolist(), exact.other.tolist(), strict=True))
    assert len(pairs & set(zip(found.item.tolist(), found.other.tolist(), strict=True))) > 0.97 * len(pairs)


def test_a_shop_without_any_vector_has_no_lists() -> None:
    leg = alike.Leg(rows(np.empty((0, 4)), [], 3), 1.0, asked=8, **HIGH)
    assert not len(alike.Alike((leg,), np.arange(3), np.zeros((3, 4), np.float32), 200).lists(5).item)
    assert not len(alike.Alike((leg,), np.arange(0), np.zeros((0, 4), np.float32), 200).lists(5).item)
