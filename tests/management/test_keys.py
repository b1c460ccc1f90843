"""`manage.py visual_search keys`."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from visual_search.models import ApiKey

pytestmark = pytest.mark.django_db


def keys(*words: str) -> str:
    out = StringIO()
    call_command("visual_search", "keys", *words, stdout=out)
    return out.getvalue()


def test_a_secret_is_printed_alone_on_its_line_and_never_again() -> None:
    secret = keys("add", "partner").strip()
    key = ApiKey.objects.of(secret)
    assert (key.name, key.scopes, key.expires_at) == ("partner", ["search"], None)
    listed = keys("list")
    assert listed == f"{key.prefix}  active  partner: search; never used\n"
    assert secret.rpartition("_")[2] not in listed


def test_all_of_a_key_can_be_said() -> None:
    secret = keys(
        "add", "page", "--scope", "search", "--scope", "events", "--origin", "https://a.example", "--origin",
        "https://b.example", "--per-minute", "90", "--days", "30",
    ).strip()  # fmt: skip
    key = ApiKey.objects.of(secret)
    assert (key.scopes, key.origins, key.per_minute) == (
        ["search", "events"],
        ["https://a.example", "https://b.example"],
        90,
    )
    assert round((key.expires_at - key.created_at).total_seconds() / 86_400) == 30
    assert f"search, events, https://a.example, https://b.example; never used, until {key.expires_at:%Y-%m-%d}" in keys(
        "list"
    )


def test_rotating_and_revoking() -> None:
    first = keys("add", "partner").strip()
    prefix = ApiKey.objects.get().prefix
    second = keys("rotate", prefix).strip()
    assert ApiKey.objects.of(first) == ApiKey.objects.of(second) is not None
    third = keys("rotate", prefix, "--grace-hours", "0").strip()
    assert (ApiKey.objects.of(second), ApiKey.objects.of(third).state) == (None, "active")
    assert keys("revoke", prefix) == "It opens nothing any more.\n"
    assert f"{prefix}  revoked  partner" in keys("list")
    with pytest.raises(CommandError, match="is revoked; add another key"):
        keys("rotate", prefix)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["add"], "keys add needs a name for the key."),
        (["revoke"], "keys revoke needs the key's prefix."),
        (["rotate", "vs_12345678"], "There is no key 'vs_12345678'"),
        (["add", "x", "--origin", "a.example"], "'a.example' is no origin"),
        (["add", "x", "--days", "0"], "--days is 0; it must lie between"),
        (["add", "x", "--per-minute", "-1"], "greater than or equal to 0"),
    ],
)
def test_mistakes_are_named(words, message) -> None:
    with pytest.raises(CommandError, match=message):
        keys(*words)


def test_a_wrong_grace_is_named() -> None:
    keys("add", "partner")
    with pytest.raises(CommandError, match="--grace-hours is -1"):
        keys("rotate", ApiKey.objects.get().prefix, "--grace-hours", "-1")


def test_a_whole_secret_given_by_mistake_is_not_printed_again() -> None:
    secret = keys("add", "partner").strip()
    with pytest.raises(CommandError) as refusal:
        keys("revoke", secret)
    assert secret.rpartition("_")[2][:4] not in str(refusal.value)
