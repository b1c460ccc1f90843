"""What a process keeps: for a while, and not too much of it."""

from __future__ import annotations

from visual_search.features.recommendations.keeping import Keeper


def test_what_is_kept_is_read_once_until_its_time_is_over() -> None:
    now = [0.0]
    keeper: Keeper[str, int] = Keeper(seconds=10, most=9, clock=lambda: now[0])
    asked: list[list[str]] = []

    def read(missing: list[str]) -> dict[str, int]:
        asked.append(missing)
        return {key: len(asked) for key in missing if key != "gone"}

    assert keeper.get(["a", "b", "a", "gone"], read) == {"a": 1, "b": 1}
    now[0] = 9.0
    assert keeper.get(["a", "c"], read) == {"a": 1, "c": 2}
    now[0] = 11.0
    assert keeper.get(["a", "c"], read) == {"a": 3, "c": 2}
    assert asked == [["a", "b", "gone"], ["c"], ["a"]]
    keeper.forget()
    assert keeper.get(["c"], read) == {"c": 4}


def test_what_was_not_asked_for_longest_goes_first() -> None:
    keeper: Keeper[str, str] = Keeper(seconds=1e9, most=2)
    read: list[str] = []

    def ask(*keys: str) -> None:
        keeper.get(keys, lambda missing: read.extend(missing) or {key: key for key in missing})

    for key in ("a", "b", "a", "c", "a", "b"):
        ask(key)
    assert read == ["a", "b", "c", "b"]
