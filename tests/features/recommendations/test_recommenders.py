"""Every model keeps the contract; and what is particular to one."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from tests.contracts.recommender import CLIENTS, KITCHEN, RecommenderContract, lesson
from visual_search.features.recommendations import counting
from visual_search.features.recommendations.baskets import read
from visual_search.features.recommendations.recommenders import RECOMMENDERS, ranked
from visual_search.features.recommendations.recommenders.borrowed import Borrowed
from visual_search.features.recommendations.recommenders.co_counts import CoCounts
from visual_search.features.recommendations.recommenders.content import Content
from visual_search.features.recommendations.recommenders.ease import Ease
from visual_search.features.recommendations.recommenders.factors import Als, Bpr
from visual_search.features.recommendations.recommenders.popular import Popular
from visual_search.types import Basket


class TestPopular(RecommenderContract):
    def make(self):
        return Popular()

    def test_what_is_bought_together_comes_first(self, model, given) -> None:
        """It learns nothing of that: beside everything stands what sells best."""
        best = int(given.best[0])
        assert {ranked(model, given, [item], 1)[0] for item in range(given.size) if item != best} == {best}


class TestCoCounts(RecommenderContract):
    def make(self):
        return CoCounts()

    def test_lists_add_up_to_what_is_said_of_a_basket(self, model, given) -> None:
        """So a page that reads the lists alone ranks as the model does."""
        items = [self.number(given, id) for id in KITCHEN[:3]]
        lists = model.neighbours(50)
        mine = np.isin(lists.item, items)
        added = np.bincount(lists.other[mine], weights=lists.of_several[mine], minlength=given.size)
        assert added == pytest.approx(model.scores(items))
        assert (lists.of_several < lists.score).all()


class TestEase(RecommenderContract):
    def make(self):
        return Ease()


class TestAls(RecommenderContract):
    def make(self):
        return Als()


class TestBpr(RecommenderContract):
    def make(self):
        return Bpr()


class TestContent(RecommenderContract):
    def make(self):
        return Content()


class TestBorrowed(RecommenderContract):
    def make(self):
        return Borrowed()

    def allowed(self, given):
        # What has no list borrows; the lists that it borrows of are shared ones.
        borrowing = {self.number(given, id) for id in ("secret", "lonely")}
        return {frozenset((item, other)) for item in borrowing for other in range(given.size)}

    def test_what_is_new_gets_the_lists_of_what_is_like_it(self) -> None:
        given = lesson()
        # "secret" looks like the kitchen now.
        given.vectors[self.number(given, "secret")] = given.vectors[self.number(given, "kitchen 1")]
        model = self.make()
        model.fit(given)
        lists = model.neighbours(5)
        mine = [given.baskets.ids[other] for other in lists.other[lists.item == self.number(given, "secret")]]
        assert len(mine) == 5
        assert all(id.startswith("kitchen") for id in mine)


def test_each_model_has_a_contract() -> None:
    tested = {type(cls().make()) for cls in RecommenderContract.__subclasses__()}
    assert tested == set(RECOMMENDERS.values())


@pytest.mark.parametrize("at_once", [counting.PAIRS_AT_ONCE, 40])
def test_pairs_are_those_that_one_counts_by_hand(monkeypatch, at_once) -> None:
    """In one part and in several."""
    monkeypatch.setattr(counting, "PAIRS_AT_ONCE", at_once)
    rng = np.random.default_rng(3)
    told = [
        Basket(str(rng.integers(9)), int(rng.integers(30)), rng.choice(8, 3, replace=False).tolist()) for _ in range(90)
    ]
    made = read(told)
    by_hand: dict[tuple[int, int], list[int]] = {}
    for number, client in enumerate(made.client.tolist()):
        for pair in combinations(sorted(made.item[made.basket == number].tolist()), 2):
            by_hand.setdefault(pair, []).append(client)
    expected = {pair: (len(who), len(set(who))) for pair, who in by_hand.items() if len(set(who)) >= CLIENTS}
    pairs = counting.count(made, CLIENTS)
    columns = (pairs.first, pairs.second, pairs.together, pairs.clients)
    assert expected
    assert {(a, b): (n, c) for a, b, n, c in zip(*(each.tolist() for each in columns), strict=True)} == expected


def test_one_client_who_buys_a_pair_often_is_one_client() -> None:
    often = [Basket("ann", day, ["a", "b"]) for day in range(20)]
    few = [Basket(str(n), 1, ["a", "b"]) for n in range(CLIENTS - 2)]
    assert len(counting.count(read([*often, *few]), CLIENTS).first) == 0
    one_more = counting.count(read([*often, *few, Basket("last", 1, ["a", "b"])]), CLIENTS)
    assert one_more.clients.tolist() == [CLIENTS]
