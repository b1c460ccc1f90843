"""BM25's parts, and the length that one byte keeps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visual_search.ranking.bm25 import (
    USUAL_WORDS,
    inverse_document_frequency,
    kept_length,
    saturation,
)


def test_a_rare_term_tells_more_than_a_common_one_and_every_term_tells_something() -> None:
    tells = [inverse_document_frequency(n, 1000) for n in (0, 1, 10, 500, 1000)]
    assert tells == sorted(tells, reverse=True)
    assert tells[-1] > 0
    assert inverse_document_frequency(12, 10) == inverse_document_frequency(10, 10)


def test_more_of_a_word_counts_more_and_a_longer_text_makes_it_count_less() -> None:
    assert saturation(4, 8, USUAL_WORDS) > saturation(2, 8, USUAL_WORDS) > saturation(2, 80, USUAL_WORDS) > 0
    assert saturation(1, USUAL_WORDS, USUAL_WORDS) == pytest.approx(1 / 2.2)


@pytest.mark.parametrize(
    ("length", "kept"),
    [(0, 0), (1, 1), (24, 24), (39, 39), (40, 40), (41, 40), (42, 42), (100, 96), (1000, 984), (10_000, 9240)],
)
def test_lengths_are_kept_as_lucene_keeps_them(length: int, kept: int) -> None:
    assert kept_length(length) == kept


@given(st.integers(0, 10**6))
def test_a_kept_length_is_never_longer_and_loses_little(length: int) -> None:
    kept = kept_length(length)
    assert kept <= length
    assert length - kept <= max(0, length - 24) / 8
    assert kept_length(kept) == kept
