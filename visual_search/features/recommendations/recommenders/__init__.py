"""The models that learn what is bought together, by name. All keep the contract in `tests/contracts/recommender.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from visual_search.features.recommendations.recommenders.base import Lesson, Recommender, ranked
from visual_search.features.recommendations.recommenders.borrowed import Borrowed
from visual_search.features.recommendations.recommenders.co_counts import CoCounts
from visual_search.features.recommendations.recommenders.content import Content
from visual_search.features.recommendations.recommenders.ease import Ease
from visual_search.features.recommendations.recommenders.factors import Als, Bpr
from visual_search.features.recommendations.recommenders.popular import Popular

RECOMMENDERS: Mapping[str, Callable[[], Recommender]] = {
    "popularity": Popular,
    "co-counts": CoCounts,
    "ease": Ease,
    "als": Als,
    "bpr": Bpr,
    "content": Content,
    "borrowed": Borrowed,
}

__all__ = ["RECOMMENDERS", "Lesson", "Recommender", "ranked"]
