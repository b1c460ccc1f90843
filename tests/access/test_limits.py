"""Limits: what is counted, for whom, and what happens when the counter is away."""

from __future__ import annotations

import json
import logging

import pytest
from django.core import serializers
from django.test import RequestFactory

from visual_search.access import limits
from visual_search.errors import ConfigurationError, TooOften
from visual_search.models import Spent
from visual_search.types import Query, QueryPicture

pytestmark = pytest.mark.django_db
FACTORY = RequestFactory()


def ask(address: str = "203.0.113.7", name: str = "search", cost: int = 1) -> limits.Left | None:
    return limits.spend(name, FACTORY.get("/", REMOTE_ADDR=address), cost=cost)


@pytest.fixture(autouse=True)
def _three_a_minute(use) -> None:
    use(PROXIES=0, LIMITS={"search": "3/min", "suggest": "1/10s"})


@pytest.mark.parametrize(
    ("text", "rate"),
    [("600/min", (600, 60)), ("20/15min", (20, 900)), ("1/s", (1, 1)), ("20/h", (20, 3600)), ("9/2day", (9, 172_800))],
)
def test_rates(text, rate) -> None:
    assert limits.read(text) == limits.Rate(*rate)


@pytest.mark.parametrize(
    "text", ["", "0/min", "1/0min", "-1/min", "600", "600/month", "1.5/min", "600 / min", None, 600]
)
def test_what_is_no_rate_is_refused_in_words(text) -> None:
    with pytest.raises(ConfigurationError, match="is no rate"):
        limits.read(text)


def test_it_says_what_is_left_and_refuses_what_is_more(clock) -> None:
    assert [ask() for _ in range(3)] == [limits.Left(3, left, 30) for left in (2, 1, 0)]
    clock(12)
    with pytest.raises(TooOften, match=r"at most 3 in 60 s. Please try again in 18 s.") as refusal:
        ask()
    assert (refusal.value.most, refusal.value.retry_after) == (3, 18)


def test_it_begins_anew_when_it_said(clock) -> None:
    assert ask(cost=3) == limits.Left(3, 0, 30)
    clock(29.9)
    with pytest.raises(TooOften) as refusal:
        ask()
    assert refusal.value.retry_after == 1
    clock(30)
    assert ask() == limits.Left(3, 2, 60)


def test_addresses_and_limits_count_for_themselves(clock) -> None:
    ask(cost=3)
    assert ask("203.0.113.8") == limits.Left(3, 2, 30)
    assert ask(name="suggest") == limits.Left(1, 0, 10)


def test_neighbours_in_one_ipv6_network_count_together(clock) -> None:
    ask("2001:db8::1", cost=3)
    with pytest.raises(TooOften):
        ask("2001:db8::ffff:1")


def test_what_costs_more_than_the_whole_limit_passes_once(clock) -> None:
    """Else a photo could never be searched in a shop whose limit is small."""
    assert ask(cost=10) == limits.Left(3, 0, 30)
    with pytest.raises(TooOften):
        ask(cost=10)


@pytest.mark.parametrize("off", [None, {"search": None}])
def test_a_shop_may_do_without(use, off) -> None:
    use(LIMITS=off)
    assert [ask() for _ in range(9)] == [None] * 9
    assert not Spent.objects.exists()


def test_limits_that_the_shop_does_not_name_are_the_usual_ones(use) -> None:
    use(LIMITS={"search": "5/h"})
    assert (limits.rate_of("search"), limits.rate_of("suggest")) == (limits.Rate(5, 3600), limits.Rate(1200, 60))


def test_nothing_is_counted_for_an_address_that_nobody_knows(use) -> None:
    use(PROXIES=None)
    assert ask("10.0.0.1") is None
    assert not Spent.objects.exists()


@pytest.mark.parametrize("cache_name", [None, "default"])
def test_a_counter_that_fails_stops_nobody(use, monkeypatch, caplog, cache_name) -> None:
    use(LIMITS_CACHE=cache_name)
    asked = []

    def away(*args: object, **kwargs: object) -> None:
        asked.append(args)
        raise ConnectionError("connection refused")

    monkeypatch.setattr(type(limits.counter()), "spend", away)
    with caplog.at_level(logging.WARNING):
        assert [ask() for _ in range(9)] == [None] * 9
    assert len(asked) == 1, "the others don't wait for it"
    assert caplog.messages == ["Limits aren't counted for 10 s: ConnectionError: connection refused"]
    assert "203.0.113" not in caplog.text


def test_it_is_asked_again_after_its_rest(monkeypatch, clock) -> None:
    monkeypatch.setattr(limits, "_rests_until", limits.time.monotonic() - 0.001)
    assert ask() == limits.Left(3, 2, 30)


def test_no_address_is_kept(clock) -> None:
    ask()
    ask("2001:db8::1")
    kept = serializers.serialize("json", Spent.objects.all())
    assert len(json.loads(kept)) == 2
    assert "203.0.113" not in kept
    assert "2001:db8" not in kept


def test_two_minutes_of_one_address_have_nothing_in_common(clock) -> None:
    ask()
    clock(60)
    ask()
    assert Spent.objects.values("bucket").distinct().count() == 2


def test_without_the_key_of_the_day_nobody_can_try_addresses(use, clock, tmp_path) -> None:
    """The folder's key can be destroyed; what is made of SECRET_KEY can be made again."""
    use(LIMITS_KEY_FOLDER=tmp_path)
    ask(cost=3)
    (key,) = tmp_path.glob("limits-*.key")
    key.unlink()
    assert ask() == limits.Left(3, 2, 30)
    assert Spent.objects.count() == 2


def test_keys_of_earlier_days_are_destroyed(use, tmp_path) -> None:
    (tmp_path / "limits-100.key").write_bytes(bytes(32))
    (tmp_path / "day-100.key").write_bytes(bytes(32))  # of the query log, which destroys its own
    use(LIMITS_KEY_FOLDER=tmp_path)
    ask()
    assert len(list(tmp_path.glob("limits-*.key"))) == 1
    assert not (tmp_path / "limits-100.key").exists()
    assert (tmp_path / "day-100.key").exists()


def test_photos_and_further_questions_cost_more() -> None:
    photo = QueryPicture(image=object())  # type: ignore[arg-type]
    seen_before = QueryPicture(vectors={})
    assert limits.beyond_one(Query(words="chair")) == 0
    assert limits.beyond_one(Query(words="chair"), questions=3) == 2
    assert limits.beyond_one(Query(pictures=(photo, seen_before))) == 9
    assert limits.beyond_one(Query(pictures=(photo, photo)), questions=2) == 19
