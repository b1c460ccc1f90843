"""What is red and lacks the other words counts less than what has them."""

from __future__ import annotations

from visual_search.querying.colours import BESIDE, ONLY_RED, of_the_thing
from visual_search.querying.legs import WORDS
from visual_search.types import LegAnswer, LegHit

RED = LegAnswer(WORDS, (LegHit("red lipstick", 4.0), LegHit("watering can", 3.0)), 2)


def test_the_thing_comes_before_another_one_that_is_called_red() -> None:
    beside = LegAnswer(BESIDE, (LegHit("watering can", 3.0),), 1)
    (words,) = of_the_thing((RED, beside))
    assert [(hit.id, hit.score) for hit in words.hits] == [("watering can", 3.0), ("red lipstick", 4.0 * ONLY_RED)]


def test_where_more_have_the_other_words_than_were_returned_nothing_is_known() -> None:
    assert of_the_thing((RED, LegAnswer(BESIDE, (LegHit("watering can", 3.0),), 9, "gte"))) == (RED,)
    assert of_the_thing((RED, LegAnswer(BESIDE, (), 0))) == (RED,)
    assert of_the_thing((RED,)) == (RED,)
