"""What looks or reads alike, whoever bought it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from visual_search.features.recommendations.recommenders.base import Lesson, Lists, Scores, by_scores


class Content:
    """Cosine with the mean of the items. It needs no purchase, and finds what is like them, not what completes them."""

    def fit(self, lesson: Lesson) -> None:
        self._lesson = lesson
        self._vectors = lesson.vectors if lesson.vectors is not None else np.zeros((lesson.size, 1), dtype=np.float32)

    def scores(self, items: Sequence[int]) -> Scores:
        scores: Scores = np.maximum(self._vectors @ self._vectors[list(items)].sum(axis=0), 0).astype(np.float32)
        return scores

    def neighbours(self, most: int) -> Lists:
        return by_scores(self, self._lesson, most)
