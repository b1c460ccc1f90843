"""Limits counted by Redis: many at once, and Redis that goes away."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import caches

from tests.access.conftest import use  # noqa: F401
from tests.access.races import PLACES, places_taken
from tests.live.gate import Gate
from visual_search.access import limits
from visual_search.access.counters import CacheCounter
from visual_search.models import Spent

pytestmark = [pytest.mark.live, pytest.mark.django_db]


@pytest.fixture
def gate(redis_url: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """The way to Redis, over which the shop's cache goes."""
    monkeypatch.setattr(limits, "_rests_until", 0.0)
    gate = Gate(redis_url)
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": gate.url.replace("http:", "redis:"),
            "KEY_PREFIX": uuid4().hex,
            "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
        }
    }
    yield gate
    gate.cut()


def test_of_twenty_threads_exactly_ten_pass(gate: Gate) -> None:
    assert places_taken(CacheCounter("default")) == list(range(1, PLACES + 1))


def test_those_that_cost_more_never_pass_in_greater_number(gate: Gate) -> None:
    assert 1 <= len(places_taken(CacheCounter("default"), cost=3)) <= PLACES // 3


def test_what_is_over_is_forgotten_by_redis(gate: Gate) -> None:
    now = time.time()
    CacheCounter("default").spend("a", 1, 5, now=now, until=now + 10)
    client = caches["default"]._cache.get_client()  # type: ignore[attr-defined]
    (key,) = client.keys(f"{caches['default'].key_prefix}:*")
    assert 60 < client.ttl(key) <= 70


@pytest.mark.parametrize("end", ["cut", "stall"])
def test_a_search_goes_on_while_redis_is_away(
    gate: Gate,
    use: Callable[..., None],  # noqa: F811
    client: Any,
    monkeypatch: pytest.MonkeyPatch,
    end: str,
) -> None:
    use(PROXIES=0, LIMITS_CACHE="default", LIMITS={"suggest": "1/h"})
    ask = {"path": "/api/v1/suggest", "data": {"q": ""}, "REMOTE_ADDR": "203.0.113.7"}
    assert [client.get(**ask).status_code for _ in range(2)] == [200, 429]
    getattr(gate, end)()
    assert [client.get(**ask).status_code for _ in range(3)] == [200] * 3
    gate.flow()
    if end == "cut":
        gate.open()
    monkeypatch.setattr(limits, "_rests_until", 0.0)
    assert client.get(**ask).status_code == 429
    assert not Spent.objects.exists()
