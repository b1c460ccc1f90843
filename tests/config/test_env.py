import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("YES", True), ("off", False), ("0", False), ("", True)])
def test_flags(monkeypatch: pytest.MonkeyPatch, value: str, expected: bool) -> None:
    monkeypatch.setenv("X", value)
    assert env.flag("X", default=True) is expected


def test_lists_leave_out_what_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("X", " a, ,b ")
    assert env.items("X") == ["a", "b"]


def test_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    assert env.number("X", default=3) == 3
    monkeypatch.setenv("X", "2")
    assert env.number("X", default=3) == 2


@pytest.mark.parametrize("value", ["zero", "0", "-1", "1.5"])
def test_a_wrong_number_is_named(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("X", value)
    with pytest.raises(ImproperlyConfigured, match=f"X='{value}'"):
        env.number("X", default=3)


def test_a_wrong_flag_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("X", "maybe")
    with pytest.raises(ImproperlyConfigured, match="X='maybe'"):
        env.flag("X", default=True)
