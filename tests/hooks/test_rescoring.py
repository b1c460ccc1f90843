"""Whatever a rescorer does, the shopper gets an answer."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from visual_search.hooks import FIRST_RUNS, REST_AFTER, REST_SECONDS, Moment, Reordered, Rescorer, Rescorers
from visual_search.types import Hit, Query

HITS = tuple(Hit(str(n), 1.0 - n / 100) for n in range(10))
QUERY = Query(words="chair")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Scripted:
    def __init__(self, do: Callable[[tuple[Hit, ...], Moment], Reordered], name: str = "scripted") -> None:
        self.do, self.name, self.calls = do, name, 0

    def rescore(self, query: Query, hits: tuple[Hit, ...], moment: Moment) -> Reordered:
        self.calls += 1
        return self.do(hits, moment)


def reverse(hits: tuple[Hit, ...], moment: Moment) -> Reordered:
    return Reordered(hits[::-1], "reversed")


def fail(hits: tuple[Hit, ...], moment: Moment) -> Reordered:
    raise RuntimeError("no database")


def ids(hits: tuple[Hit, ...]) -> str:
    return "".join(hit.id for hit in hits)


def test_a_rescorer_changes_the_order_inside_the_window_only() -> None:
    rescorer = Scripted(reverse)
    assert isinstance(rescorer, Rescorer)
    after = Rescorers([rescorer]).apply(QUERY, HITS, window=4, limit_ms=1000)
    assert ids(after.value) == "3210456789"
    assert (after.notes, after.degraded) == (("scripted:reversed",), ())


def test_rescorers_follow_one_another() -> None:
    after = Rescorers([Scripted(reverse, "a"), Scripted(reverse, "b")]).apply(QUERY, HITS, window=4, limit_ms=1000)
    assert after.value == HITS
    assert after.notes == ("a:reversed", "b:reversed")


def drop_one(hits: tuple[Hit, ...], moment: Moment) -> Reordered:
    return Reordered(hits[1:])


def smuggle(hits: tuple[Hit, ...], moment: Moment) -> Reordered:
    return Reordered((Hit("paid", 9.0), *hits[1:]))


def double(hits: tuple[Hit, ...], moment: Moment) -> Reordered:
    return Reordered((hits[0], *hits[:-1]))


@pytest.mark.parametrize("wrong", [fail, drop_one, smuggle, double])
def test_one_that_goes_wrong_is_skipped_and_named(wrong) -> None:
    after = Rescorers([Scripted(wrong, "bad"), Scripted(reverse, "good")]).apply(QUERY, HITS, window=3, limit_ms=1000)
    assert ids(after.value) == "2103456789"
    assert after.degraded == ("bad",)


def test_one_that_takes_too_long_is_skipped_even_if_it_has_an_answer() -> None:
    clock = Clock()

    def dawdle(hits: tuple[Hit, ...], moment: Moment) -> Reordered:
        clock.now += 0.011
        return reverse(hits, moment)

    after = Rescorers([Scripted(dawdle)], clock=clock).apply(QUERY, HITS, window=5, limit_ms=10)
    assert after.value == HITS
    assert after.degraded == ("scripted",)


def test_one_may_stop_itself_when_time_is_up() -> None:
    clock = Clock()

    def careful(hits: tuple[Hit, ...], moment: Moment) -> Reordered:
        clock.now += 1
        moment.check()
        raise AssertionError("unreachable")

    assert Rescorers([Scripted(careful)], clock=clock).apply(QUERY, HITS, window=5, limit_ms=10).degraded == (
        "scripted",
    )


def test_one_that_keeps_failing_rests_and_comes_back() -> None:
    clock, rescorer = Clock(), Scripted(fail)
    guard = Rescorers([rescorer], clock=clock)
    for _ in range(REST_AFTER + 5):
        assert guard.apply(QUERY, HITS, window=5, limit_ms=10).degraded == ("scripted",)
    assert rescorer.calls == REST_AFTER
    clock.now += REST_SECONDS
    rescorer.do = reverse
    assert guard.apply(QUERY, HITS, window=5, limit_ms=10).degraded == ()


def test_a_success_between_failures_counts_anew() -> None:
    rescorer = Scripted(fail)
    guard = Rescorers([rescorer])
    for step in (fail, fail, reverse, fail, fail, reverse):
        rescorer.do = step
        guard.apply(QUERY, HITS, window=5, limit_ms=1000)
    assert rescorer.calls == 6


def test_no_rescorer_is_no_change() -> None:
    assert Rescorers([]).apply(QUERY, HITS, window=5, limit_ms=10).value is HITS


def test_two_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="one name"):
        Rescorers([Scripted(reverse), Scripted(reverse)])


def test_the_first_runs_may_load_what_is_needed() -> None:
    clock = Clock()

    def loads(hits: tuple[Hit, ...], moment: Moment) -> Reordered:
        clock.now += 0.5
        return reverse(hits, moment)

    guard = Rescorers([Scripted(loads)], clock=clock, first_ms=1000)
    answers = [guard.apply(QUERY, HITS, window=5, limit_ms=10).degraded for _ in range(FIRST_RUNS + 1)]
    assert answers == [()] * FIRST_RUNS + [("scripted",)]
