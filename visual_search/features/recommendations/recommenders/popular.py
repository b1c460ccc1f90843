"""The same for everybody: what sells."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from visual_search.features.recommendations.recommenders.base import Lesson, Lists, Scores, by_scores


class Popular:
    """The baseline that every model has to beat."""

    def fit(self, lesson: Lesson) -> None:
        self._lesson = lesson
        self._scores = np.zeros(lesson.size, dtype=np.float32)
        self._scores[lesson.best] = np.linspace(1, 0, lesson.size, endpoint=False, dtype=np.float32)

    def scores(self, items: Sequence[int]) -> Scores:
        return self._scores

    def neighbours(self, most: int) -> Lists:
        return by_scores(self, self._lesson, most)
