"""Variety: few of each category, and what is alike not side by side."""

from __future__ import annotations

import numpy as np

from visual_search.features.recommendations.facts import Facts
from visual_search.features.recommendations.slots import Candidate, Source
from visual_search.features.recommendations.variety import FewOfEach, varied

LOOKS = {"a": (1, 0, 0), "b": (0.99, 0.14, 0), "c": (0, 1, 0), "d": (0, 0, 1)}
KNOWN = {id: Facts(look=np.array(look, dtype=np.float16)) for id, look in LOOKS.items()} | {"e": Facts()}
CANDIDATES = [Candidate(id, Source.ORDERS) for id in KNOWN]


def chosen(relevance: float, limit: int = 3) -> str:
    return "".join(one.id for one in varied(CANDIDATES, KNOWN, relevance=relevance, limit=limit))


def test_relevance_alone_keeps_the_order() -> None:
    assert chosen(1.0) == "abc"


def test_what_is_like_a_chosen_one_waits() -> None:
    assert chosen(0.5) == "acd"


def test_what_has_no_picture_is_like_nothing_and_all_are_chosen_once() -> None:
    assert chosen(0.0, limit=9)[0] == "a"
    assert sorted(chosen(0.3, limit=9)) == list("abcde")
    assert varied([], KNOWN, relevance=0.5, limit=3) == []


def test_two_of_each_category_are_let_in_and_all_without_one() -> None:
    few = FewOfEach()
    for category, room in (("x", True), ("x", True), ("x", False), ("y", True), ("", True), ("", True), ("", True)):
        assert few.has_room(category) is room
        few.add(category)
