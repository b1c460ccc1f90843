"""What completes a thing: a table from category to category, with looks, titles, series and sales. Arrays alone: no Django.

Looks and titles by themselves find what is like a thing, and not what goes with it: the table says where to look.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from visual_search.features.recommendations.baskets import Baskets, Numbers
from visual_search.features.recommendations.counting import Counts, count
from visual_search.features.recommendations.recommenders.base import Lists, Scores, longest

LEAST = 1e-6  # the share of what never went with a category
SMOOTH = 2.0  # so many pairs speak for what goes with anything, before any speak for this category
LINK = 20.0  # baskets that one link of the owner's counts for
CATEGORIES = 8  # that a category's candidates come from
CANDIDATES = 2000  # the best sold of those: so many are compared with each thing of the category
AT_ONCE = 512

Table = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each part says, beside the logarithm of the table's share. Chosen by hand on links of which others are quoted."""

    look: float = 0.3
    text: float = 0.3
    series: float = 3.0
    sold: float = 0.3


@dataclass(frozen=True, slots=True)
class Things:
    """What is known of each thing; row n is thing n. -1: it has no category, or no series.

    Vectors are of unit length, zeros where there is none; shape (things, dims).
    """

    category: Numbers
    series: Numbers
    sold: npt.NDArray[np.float64]  # how often it lay in a basket, or was linked to
    family: Numbers | None = None  # sizes and colours of one thing share it; None: each thing is one of its own
    look: npt.NDArray[np.float32] | None = None
    text: npt.NDArray[np.float32] | None = None

    @property
    def categories(self) -> int:
        return int(self.category.max(initial=-1)) + 1


def from_baskets(baskets: Baskets, category: Numbers, clients: int) -> Table:
    """How many baskets hold things of both categories, of pairs that enough clients share: shape (categories, categories).

    `category`: by item; -1 is in no pair.
    """
    size = int(category.max(initial=-1)) + 1
    of = category[baskets.item]
    # Two things of one category are a pair of it with itself; else each category counts once a basket.
    keys, repeats = np.unique(baskets.basket[of >= 0].astype(np.int64) * max(size, 1) + of[of >= 0], return_counts=True)
    table = np.zeros((size, size))
    if not len(keys):
        return table
    basket, own = (keys // size).astype(np.int32), (keys % size).astype(np.int32)
    once = Baskets((), basket, own, baskets.client, baskets.day)
    pairs = count(once, clients, items=size)
    table[pairs.first, pairs.second] = table[pairs.second, pairs.first] = pairs.together
    twice = repeats > 1
    who = np.unique(own[twice].astype(np.int64) * (int(baskets.client.max()) + 1) + baskets.client[basket[twice]])
    shared = np.bincount(who // (int(baskets.client.max()) + 1), minlength=size) >= clients
    table[np.diag_indices(size)] = np.bincount(own[twice], minlength=size) * shared
    return table


def from_links(first: Counts, second: Counts, category: Numbers) -> Table:
    """How many links lead from one category to the other: what the owner says needs no client."""
    size = int(category.max(initial=-1)) + 1
    table = np.zeros((size, size))
    known = (category[first] >= 0) & (category[second] >= 0)
    np.add.at(table, (category[first[known]], category[second[known]]), 1)
    return table


def shares(table: Table) -> Table:
    """Of what goes with a category, which share is of which other one: rows that add up to 1.

    A category of which little is known gets what goes with anything.
    """
    overall = table.sum(axis=0) + 0.5
    overall /= overall.sum() or 1.0
    mixed: Table = (table + SMOOTH * overall) / (table.sum(axis=1, keepdims=True) + SMOOTH)
    return mixed


@dataclass(frozen=True, slots=True)
class GoesWith:
    """`share`: as `shares` gives it."""

    things: Things
    share: Table
    weights: Weights = field(default_factory=Weights)

    def scores(self, items: Counts, candidates: Counts) -> npt.NDArray[np.float64]:
        """How well each candidate goes with each item, shape (items, candidates). Scores compare within a row."""
        things, weights = self.things, self.weights
        of_category = np.bincount(things.category[things.category >= 0], minlength=max(self.share.shape[0], 1))
        # A share is of a category; a thing's part of it is the smaller, the more there are.
        each = np.log(np.maximum(self.share, LEAST) / np.maximum(of_category[: self.share.shape[1]], 1))
        own, other = things.category[items], things.category[candidates]
        nobody = each.min(initial=0.0)
        scores = (
            np.where((own[:, None] >= 0) & (other >= 0), each[own[:, None], other], nobody)
            if each.size
            else (np.zeros((len(items), len(candidates))))
        )
        for vectors, weight in ((things.look, weights.look), (things.text, weights.text)):
            if vectors is not None:
                cosines = vectors[items] @ vectors[candidates].T
                spread = cosines.std(axis=1, keepdims=True)
                scores = scores + weight * (cosines - cosines.mean(axis=1, keepdims=True)) / np.maximum(spread, 1e-6)
        series = things.series[items][:, None]
        scores = scores + weights.series * ((series >= 0) & (series == things.series[candidates]))
        return scores + weights.sold * np.log1p(things.sold[candidates])

    def rank(self, item: int, most: int) -> list[int]:
        """The best of all things beside this one."""
        everything = np.delete(np.arange(len(self.things.category)), item)
        scores = self.scores(np.array([item]), everything)[0]
        best: list[int] = everything[np.argsort(-scores, kind="stable")[:most]].tolist()
        return best

    def lists(self, most: int) -> Lists:
        """For each thing that has a category the best of the categories that go with its own."""
        found = list(self._lists(most))
        if not found:
            nothing = np.empty(0, dtype=np.int64)
            return Lists(nothing, nothing, nothing.astype(np.float32))
        item, other, score = (np.concatenate(each) for each in zip(*found, strict=True))
        return longest(item, other, score, most)

    def _lists(self, most: int) -> Iterator[tuple[Counts, Counts, Scores]]:
        category, sold = self.things.category, self.things.sold
        family = np.arange(len(category)) if self.things.family is None else self.things.family
        for own in range(len(self.share)):
            items = np.flatnonzero(category == own)
            near = np.argsort(-self.share[own], kind="stable")[:CATEGORIES]
            # A share of nothing means that nothing is known, and a guess would be no recommendation.
            near = near[self.share[own][near] > 0]
            candidates = np.flatnonzero(np.isin(category, near))
            candidates = candidates[np.argsort(-sold[candidates], kind="stable")]
            # Of the sizes and colours of a thing the one that sells best stands for all.
            candidates = candidates[np.sort(np.unique(family[candidates], return_index=True)[1])[:CANDIDATES]]
            for first in range(0, len(items) if len(candidates) else 0, AT_ONCE):
                some = items[first : first + AT_ONCE]
                scores = self.scores(some, candidates)
                scores[family[some][:, None] == family[candidates]] = -np.inf
                width = min(most, len(candidates))
                best = np.argpartition(-scores, width - 1, axis=1)[:, :width]
                score = np.take_along_axis(scores, best, axis=1).ravel()
                # Scores are logarithms; as numbers above 0 they keep their order.
                yield np.repeat(some, width), candidates[best].ravel(), np.exp(score).astype(np.float32)
