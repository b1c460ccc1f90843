"""Signing in to the admin: passwords can't be tried at will, nobody can be locked out, and no name or address is kept."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth import get_user_model
from django.core import serializers, signing
from django.test import Client

from visual_search.access import logins
from visual_search.models import Spent

pytestmark = pytest.mark.django_db
LOGIN = "/admin/login/"
HERE, THERE = "203.0.113.7", "203.0.113.8"


@pytest.fixture(autouse=True)
def _staff(use, clock) -> None:
    for name in ("ann", "bob"):
        get_user_model().objects.create_superuser(name, password=f"right-{name}")
    use(PROXIES=0, LIMITS={"login": "3/15min"})


def attempt(name: str, password: str = "", *, address: str = HERE, client: Client | None = None):
    sent = {"username": name, "password": password or "wrong", "next": "/admin/"}
    return (client or Client()).post(LOGIN, sent, REMOTE_ADDR=address, headers={"Accept": "text/html"})


def test_signing_in_is_as_it_was() -> None:
    assert Client().get(LOGIN).status_code == 200
    assert "Please enter the correct username" in attempt("ann").content.decode()
    answer = attempt("ann", "right-ann")
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")


def test_many_names_from_one_address_are_held_back() -> None:
    assert [attempt(name).status_code for name in ("root", "admin", "ann", "bob")] == [200, 200, 200, 429]
    assert attempt("bob", address=THERE).status_code == 200


def test_one_name_from_many_addresses_is_held_back() -> None:
    assert [attempt("ann", address=f"203.0.113.{n}").status_code for n in range(4)] == [200, 200, 200, 429]
    assert attempt("bob", address="203.0.113.99").status_code == 200


@pytest.mark.parametrize("spelling", ["ANN", " ann ", "\uff41nn"])
def test_another_spelling_is_the_same_name(spelling) -> None:
    for number in range(3):
        attempt("ann", address=f"203.0.113.{number}")
    assert attempt(spelling, address=THERE).status_code == 429


def test_the_page_says_when_to_try_again_and_not_whether_the_password_was_right() -> None:
    for _ in range(3):
        attempt("ann")
    refused = [attempt("ann", password) for password in ("", "right-ann")]
    assert [page.status_code for page in refused] == [429, 429]
    words = [page.content.decode() for page in refused]
    assert all("There were too many attempts to sign in. Please try again in 15 minutes." in text for text in words)
    assert all(page["Retry-After"] == "870" for page in refused)
    assert "_auth_user_id" not in refused[1].wsgi_request.session


def test_the_time_passes(clock) -> None:
    for _ in range(3):
        attempt("ann")
    clock(870)
    assert attempt("ann", "right-ann").status_code == 302


def test_looking_at_the_page_is_no_attempt() -> None:
    assert [Client().get(LOGIN, REMOTE_ADDR=HERE).status_code for _ in range(9)] == [200] * 9
    assert not Spent.objects.exists()


def test_a_name_counts_also_where_nobody_knows_the_address(use) -> None:
    use(PROXIES=None)
    assert [attempt("ann", address="10.0.0.1").status_code for _ in range(4)] == [200, 200, 200, 429]


def test_an_attempt_without_a_name_is_one() -> None:
    assert [attempt("").status_code for _ in range(4)] == [200, 200, 200, 429]


class TestTheOwner:
    def lock(self, name: str) -> None:
        for number in range(4):
            attempt(name, address=f"198.51.100.{number}")
        assert attempt(name, f"right-{name}", address=THERE).status_code == 429

    def test_signs_in_while_others_try_her_name(self, clock) -> None:
        client = Client()
        attempt("ann", "right-ann", client=client)
        clock(86_400)
        client.cookies.pop("sessionid")
        self.lock("ann")
        assert attempt("ann", "right-ann", client=client).status_code == 302

    def test_a_browser_that_knows_her_may_not_try_at_will_either(self, clock) -> None:
        client = Client()
        attempt("ann", "right-ann", client=client)
        clock(86_400)
        client.cookies.pop("sessionid")
        asked = [attempt("ann", address=f"203.0.113.{n}", client=client).status_code for n in range(4)]
        assert asked == [200, 200, 200, 429]

    def test_her_mark_is_for_her_name_alone(self, clock) -> None:
        client = Client()
        attempt("ann", "right-ann", client=client)
        clock(86_400)
        self.lock("bob")
        assert attempt("bob", "right-bob", client=client).status_code == 429

    def test_nobody_can_make_such_a_mark(self) -> None:
        client = Client()
        attempt("ann", "right-ann", client=client)
        mark = client.cookies[logins.KNOWN].value
        self.lock("ann")
        for forged in (
            mark[:-1] + ("A" if mark[-1] != "A" else "B"),
            signing.TimestampSigner().sign(mark.split(":")[0]),
            "",
            "x",
        ):
            stranger = Client()
            stranger.cookies[logins.KNOWN] = forged
            assert attempt("ann", "right-ann", address="203.0.113.50", client=stranger).status_code == 429

    def test_the_mark_says_nothing_and_is_for_this_page(self) -> None:
        cookie = attempt("ann", "right-ann").cookies[logins.KNOWN]
        assert "ann" not in cookie.value
        assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == (LOGIN, True, "Lax")
        assert logins.KNOWN not in attempt("ann").cookies


def test_neither_name_nor_address_is_kept() -> None:
    attempt("ann")
    kept = serializers.serialize("json", Spent.objects.all())
    assert len(json.loads(kept)) == 2
    assert "ann" not in kept
    assert HERE not in kept
