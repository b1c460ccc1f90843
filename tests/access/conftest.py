"""Fixtures of the door."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache

from visual_search.access import limits

HALF_PAST = 20_412 * 86_400 + 9 * 3600 + 30.0  # in the middle of a minute


@pytest.fixture(autouse=True)
def _counter_is_awake(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A counter that failed in an earlier test rests no longer."""
    monkeypatch.setattr(limits, "_rests_until", 0.0)
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def use(settings: Any) -> Callable[..., None]:
    """Change some of VISUAL_SEARCH."""

    def change(**values: Any) -> None:
        settings.VISUAL_SEARCH = {**settings.VISUAL_SEARCH, **values}

    return change


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Half past a minute; `clock(seconds)` is so much later."""

    def later(seconds: float) -> None:
        monkeypatch.setattr(limits.time, "time", lambda: HALF_PAST + seconds)

    later(0)
    return later
