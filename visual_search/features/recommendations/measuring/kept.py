"""A model as pages know it: by the lists that are kept of it, not by all that it has learned."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from visual_search.features.recommendations.recommenders import Lesson, Recommender
from visual_search.features.recommendations.recommenders.base import Lists, Scores

# As `training` and `lists` have them: those need Django, and measures of models don't. A test says that they are the same.
LONGEST, DEEPEST, SHALLOWEST = 30, 100, 10


class Kept:
    """Answers from the first places of lists, as many as a page reads, by the scores that the table holds."""

    def __init__(self, model: Recommender) -> None:
        self._model = model

    def fit(self, lesson: Lesson) -> None:
        self._model.fit(lesson)
        self._lists = self._model.neighbours(LONGEST)
        self._starts = np.searchsorted(self._lists.item, np.arange(lesson.size + 1))

    def scores(self, items: Sequence[int]) -> Scores:
        lists = self._lists
        values = lists.score if len(items) == 1 or lists.of_several is None else lists.of_several
        depth = max(SHALLOWEST, DEEPEST // max(len(items), 1))
        scores = np.zeros(len(self._starts) - 1, dtype=np.float32)
        for item in items:
            those = slice(self._starts[item], min(self._starts[item + 1], self._starts[item] + depth))
            scores[lists.other[those]] += values[those]
        return scores

    def neighbours(self, most: int) -> Lists:
        return self._model.neighbours(most)
