"""What every model promises that learns what is bought together."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import pytest

from visual_search.features.recommendations.baskets import Baskets, read
from visual_search.features.recommendations.recommenders import Lesson, Recommender, ranked
from visual_search.types import Basket

CLIENTS = 5
# Two worlds of things, each bought by people of its own; what lies in one basket is of one world.
KITCHEN, OFFICE = [f"kitchen {n}" for n in range(6)], [f"office {n}" for n in range(6)]


def baskets(seed: int = 0) -> Baskets:
    rng = np.random.default_rng(seed)
    told = [
        Basket(f"{world[0]} {client}", 100 + day, rng.choice(world, 3, replace=False).tolist())
        for world in (KITCHEN, OFFICE)
        for client in range(20)
        for day in range(4)
    ]
    # A pair that four clients share, and a thing that nobody bought with another.
    told += [Basket(f"few {n}", 100, ["secret", "kitchen 0"]) for n in range(CLIENTS - 1)]
    return read([*told, *(Basket(f"one {n}", 100, ["lonely"]) for n in range(9))])


def lesson(seed: int = 0) -> Lesson:
    made = baskets(seed)
    rng = np.random.default_rng(1)
    worlds = {name: rng.normal(size=8) for name in ("kitchen", "office", "secret", "lonely")}
    vectors = np.array([worlds[id.split()[0]] + 0.2 * rng.normal(size=8) for id in made.ids])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Lesson(made, today=104, clients=CLIENTS, vectors=vectors.astype(np.float32))


class RecommenderContract(ABC):
    @abstractmethod
    def make(self) -> Recommender: ...

    @pytest.fixture
    def given(self) -> Lesson:
        return lesson()

    @pytest.fixture
    def model(self, given) -> Recommender:
        model = self.make()
        model.fit(given)
        return model

    def number(self, given: Lesson, id: str) -> int:
        return given.baskets.ids.index(id)

    def test_scores_are_finite_and_one_for_each_item(self, model, given) -> None:
        for items in ([0], [0, 1, 2], [self.number(given, "lonely")]):
            scores = model.scores(items)
            assert scores.shape == (given.size,)
            assert np.isfinite(scores).all()
            assert (scores >= 0).all()

    def test_a_ranking_has_no_item_twice_and_none_of_those_that_were_asked_with(self, model, given) -> None:
        for items in ([0], [0, 5, 1]):
            found = ranked(model, given, items, 10)
            assert len(found) == len(set(found)) == 10
            assert not set(found) & set(items)
        assert sorted([0, *ranked(model, given, [0], 1000)]) == list(range(given.size))

    def test_what_is_bought_together_comes_first(self, model, given) -> None:
        for world in (KITCHEN, OFFICE):
            asked = self.number(given, world[2])
            found = [given.baskets.ids[item] for item in ranked(model, given, [asked], 4)]
            assert sum(id in world for id in found) >= 3

    def test_a_list_holds_only_pairs_that_enough_clients_share(self, model, given) -> None:
        shared = {frozenset(pair) for pair in zip(given.pairs.first.tolist(), given.pairs.second.tolist(), strict=True)}
        lists = model.neighbours(50)
        pairs = {frozenset(pair) for pair in zip(lists.item.tolist(), lists.other.tolist(), strict=True)}
        assert pairs
        assert pairs - self.allowed(given) <= shared

    def allowed(self, given: Lesson) -> set[frozenset[int]]:
        """Pairs that a model may list beside those that are shared."""
        return set()

    def test_lists_are_sorted_short_and_without_the_item_itself(self, model) -> None:
        lists = model.neighbours(3)
        assert len(lists.item) == len(lists.other) == len(lists.score)
        assert (lists.item != lists.other).all()
        assert np.bincount(lists.item).max() <= 3
        same = np.diff(lists.item) == 0
        assert (np.diff(lists.item) >= 0).all()
        assert (np.diff(lists.score)[same] <= 0).all()

    def test_equal_lessons_give_equal_lists(self, model) -> None:
        again = self.make()
        again.fit(lesson())
        one, other = model.neighbours(5), again.neighbours(5)
        assert one.item.tolist() == other.item.tolist()
        assert one.other.tolist() == other.other.tolist()

    def test_nothing_to_learn_is_no_error(self) -> None:
        model = self.make()
        empty = Lesson(read([Basket("ann", 1, ["a"]), Basket("bob", 1, ["b"])]), today=2, clients=CLIENTS)
        model.fit(empty)
        assert len(model.neighbours(5).item) == 0
        assert ranked(model, empty, [0], 5) == [1]
