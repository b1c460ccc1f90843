"""Keys: what is kept of them, when they are good, how they are rotated, and how seldom their use is written."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import serializers
from django.core.exceptions import ValidationError
from django.test import RequestFactory
from django.utils import timezone

from visual_search.access import keys
from visual_search.errors import BadInput
from visual_search.models import ApiKey, Scope

pytestmark = pytest.mark.django_db
FACTORY = RequestFactory()
SHOP = "https://www.shop.example"


def admitted(secret: str, scope: Scope = Scope.SEARCH, **headers: str) -> str:
    """Why the key opens nothing; '' if it does."""
    request = FACTORY.get("/", headers={"Authorization": f"Bearer {secret}", **headers})
    try:
        assert keys.admit(request, scope) is not None
    except BadInput as error:
        return error.code
    return ""


def test_a_secret_is_shown_once_and_kept_nowhere() -> None:
    key, secret = ApiKey.objects.issue("partner", ["search"])
    assert secret.startswith(f"{key.prefix}_")
    assert len(secret) >= len(key.prefix) + 1 + 43  # 256 bits
    kept = serializers.serialize("json", ApiKey.objects.all())
    assert key.prefix in kept
    assert secret.removeprefix(f"{key.prefix}_") not in kept
    assert secret not in repr(vars(key))


def test_no_two_are_alike() -> None:
    made = [ApiKey.objects.issue("partner", ["search"]) for _ in range(50)]
    assert len({secret for _, secret in made}) == len({key.prefix for key, _ in made}) == 50


def test_a_key_opens_what_it_is_good_for() -> None:
    _, secret = ApiKey.objects.issue("partner", ["search"])
    assert [admitted(secret, scope) for scope in Scope] == ["", "key_scope", "key_scope"]


@pytest.mark.parametrize("change", ["", "x", "X"])
def test_a_key_with_a_slip_in_it_opens_nothing(change) -> None:
    _, secret = ApiKey.objects.issue("partner", ["search"])
    wrong = secret[:-1] + change if change else secret[:-1]
    assert admitted(wrong if wrong != secret else secret + "x") == "key_unknown"


@pytest.mark.parametrize("made_up", ["vs_", "vs_00000000_x", "vs_" + "x" * 5000, "vs_é", "vs_\x00"])
def test_what_is_made_up_opens_nothing(made_up) -> None:
    ApiKey.objects.issue("partner", ["search"])
    assert admitted(made_up) == "key_unknown"


def test_the_hash_of_a_key_is_no_key() -> None:
    """Whoever reads the table comes in by nothing that stands there."""
    key, _ = ApiKey.objects.issue("partner", ["search"])
    request = FACTORY.get("/", headers={"X-Api-Key": key.digest})
    with pytest.raises(BadInput, match="no such key"):
        keys.admit(request, Scope.SEARCH)


def test_an_expired_and_a_revoked_key_say_so() -> None:
    expired, first = ApiKey.objects.issue("old", ["search"], expires_at=timezone.now() + timedelta(days=1))
    assert admitted(first) == ""
    ApiKey.objects.filter(pk=expired.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert admitted(first) == "key_expired"
    revoked, second = ApiKey.objects.issue("gone", ["search"])
    revoked.revoke()
    assert admitted(second) == "key_revoked"
    assert not ApiKey.objects.living().exists()


def test_a_rotated_secret_is_good_for_its_grace_alone() -> None:
    key, old = ApiKey.objects.issue("partner", ["search"])
    new = key.rotate(timedelta(hours=1))
    assert (admitted(old), admitted(new)) == ("", "")
    assert new.startswith(f"{key.prefix}_")
    ApiKey.objects.update(previous_until=timezone.now() - timedelta(seconds=1))
    assert (admitted(old), admitted(new)) == ("key_unknown", "")


def test_a_second_rotation_ends_the_first_secret() -> None:
    key, first = ApiKey.objects.issue("partner", ["search"])
    second, third = key.rotate(timedelta(hours=1)), key.rotate(timedelta(hours=1))
    assert [admitted(secret) for secret in (first, second, third)] == ["key_unknown", "", ""]


def test_revoking_ends_a_rotated_secret_too() -> None:
    key, old = ApiKey.objects.issue("partner", ["search"])
    new = key.rotate(timedelta(hours=1))
    key.revoke()
    assert (admitted(old), admitted(new)) == ("key_revoked", "key_revoked")


def test_its_last_use_is_written_once_a_minute(django_assert_num_queries) -> None:
    _, secret = ApiKey.objects.issue("partner", ["search"])
    with django_assert_num_queries(2):
        admitted(secret)
    noted = ApiKey.objects.get().last_used_at
    assert noted is not None
    with django_assert_num_queries(1):
        admitted(secret)
    ApiKey.objects.update(last_used_at=noted - timedelta(minutes=1))
    with django_assert_num_queries(2):
        admitted(secret)
    assert ApiKey.objects.get().last_used_at >= noted


def test_a_refused_key_is_not_noted_as_used() -> None:
    _, secret = ApiKey.objects.issue("partner", ["search"])
    assert admitted(secret, Scope.ADMIN) == "key_scope"
    assert ApiKey.objects.get().last_used_at is None


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Origin": SHOP}, ""),
        ({"Sec-Fetch-Site": "same-origin"}, ""),  # Browsers send no Origin with a GET to the page's own host.
        ({"Origin": "https://evil.example"}, "key_origin"),
        ({"Origin": f"{SHOP}.evil.example"}, "key_origin"),
        ({"Origin": "http://www.shop.example"}, "key_origin"),
        ({"Origin": f"{SHOP}:8443"}, "key_origin"),
        ({"Origin": "null"}, "key_origin"),
        ({"Origin": "", "Sec-Fetch-Site": "same-origin"}, "key_origin"),
        ({"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"}, "key_origin"),
        ({}, "key_origin"),
    ],
    ids=str,
)
def test_a_key_of_a_page_is_refused_elsewhere(headers, code) -> None:
    _, secret = ApiKey.objects.issue("page", ["search"], origins=[SHOP])
    assert admitted(secret, **headers) == code


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"scopes": []}, "Name what the key is good for: search, events, admin."),
        ({"scopes": ["all"]}, "Name what the key is good for"),
        ({"origins": ["www.shop.example"]}, "'www.shop.example' is no origin"),
        ({"origins": ["https://www.shop.example/"]}, "without a path"),
        ({"origins": ["*"]}, "'\\*' is no origin"),
        ({"origins": [SHOP], "scopes": ["search", "admin"]}, "Everybody can read a key in a page"),
        ({"per_minute": 0}, "revoke it instead"),
        ({"name": ""}, "blank"),
    ],
    ids=str,
)
def test_what_can_be_no_key_is_refused_in_words(wrong, message) -> None:
    with pytest.raises(ValidationError, match=message):
        ApiKey.objects.issue(**{"name": "partner", "scopes": ["search"], **wrong})
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize(
    ("headers", "own"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Referer": "http://testserver/x"}, False),
        ({"Origin": "http://testserver"}, True),
        ({"Referer": "https://testserver/search/?q=x"}, True),
        ({"Origin": "http://testserver.evil.example"}, False),
        ({"Origin": "http://testserver:81"}, False),
        ({"Origin": "null", "Referer": "http://testserver/"}, False),
        ({"Referer": "http://[/"}, False),
        ({}, False),
    ],
    ids=str,
)
def test_what_a_page_of_the_shop_is(headers, own) -> None:
    assert keys.is_of_own_page(FACTORY.get("/", headers=headers)) is own
