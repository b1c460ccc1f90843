"""What belongs to the results, by full text and by meaning, where a number is among the words."""

from __future__ import annotations

import pytest

from visual_search.querying.kinds import RULES
from visual_search.querying.legs import CODE_AMONG, MEANING, WORDS
from visual_search.querying.negatives import Losses
from visual_search.querying.result_set import Counted, result_set
from visual_search.types import ALL_WORDS, Grade, LegAnswer, LegHit, LegKind, Query

COUNTED = Counted(
    {WORDS: RULES[LegKind.WORDS].scale, MEANING: RULES[LegKind.MEANING].scale}, {}, Losses(), lambda ids: {}
)
NEAR = RULES[LegKind.MEANING].scale.high
BEER = LegAnswer(WORDS, (LegHit("beer 500 ml", 5.0, ALL_WORDS), LegHit("honey 500 g", 2.0)), 2)
SIMILAR = LegAnswer(MEANING, tuple(LegHit(id, NEAR) for id in ("honey 500 g", "beer 330 ml")), 2)


def belonging(query: Query, *answers: LegAnswer) -> set[str]:
    return {hit.id for hit in result_set(query, answers, COUNTED) if hit.grade is not Grade.DISTANT}


def test_who_writes_a_number_means_this_one() -> None:
    query = Query(words="beer 500 ml")
    assert belonging(query, BEER, SIMILAR) == {"beer 500 ml"}
    assert {hit.id for hit in result_set(query, (BEER, SIMILAR), COUNTED)} == {
        "beer 500 ml", "honey 500 g", "beer 330 ml",
    }, "The others follow."  # fmt: skip


@pytest.mark.parametrize(
    ("query", "words"),
    [
        (Query(words="beer"), BEER),
        (Query(words="beer 500 ml", like=("stout",)), BEER),
        (Query(words="beer 500 ml"), LegAnswer(WORDS, BEER.hits[1:], 1)),
    ],
    ids=["without a number", "beside something to resemble", "where nothing has all the words"],
)
def test_elsewhere_meaning_lets_in_what_is_near(query: Query, words: LegAnswer) -> None:
    assert {"honey 500 g", "beer 330 ml"} <= belonging(query, words, SIMILAR)


def test_a_code_among_the_words_belongs_whatever_they_say() -> None:
    coded = LegAnswer(CODE_AMONG, (LegHit("X-500", 1.0),), 1)
    part = LegAnswer(WORDS, BEER.hits[1:], 1)
    assert next(iter(result_set(Query(words="beer 5001234"), (part, coded), COUNTED))).id == "X-500"
