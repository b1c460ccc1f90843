"""The page of what a device remembers, and the account's copy: opt-in, export, erase (promises P11 and P12)."""

from __future__ import annotations

import json
import time

import pytest
from django.apps import apps
from django.core import serializers
from django.test import Client

from tests.search.shop import _intact, empty_shop, shop  # noqa: F401 - pytest finds fixtures by name here.
from visual_search.features.personalisation import accounts
from visual_search.features.personalisation.models import AccountMemory

TODAY = int(time.time() // 86_400)
ACCOUNT = "/memory/account"


@pytest.fixture
def ann(django_user_model):
    return django_user_model.objects.create_user("ann", password="x")


@pytest.fixture
def signed_in(client, ann):
    client.force_login(ann)
    return client


def keep(client, events, **headers):
    body = events if isinstance(events, str) else json.dumps({"events": events})
    return client.post(ACCOUNT, body, content_type="application/json", headers=headers)


def everything() -> str:
    """All rows of all tables."""
    return "\n".join(serializers.serialize("json", model.objects.all()) for model in apps.get_models())


def test_the_page_is_the_same_for_everybody_and_kept_by_no_cache(client, db) -> None:
    response = client.get("/memory/")
    assert response["Cache-Control"] == "private, no-store"
    assert b"Keep a copy in my account" not in response.content


def test_what_a_device_sends_is_shown_and_not_stored(shop, client) -> None:  # noqa: F811
    before = everything()
    events = [[shop.id("CHR-RED-01"), "view", TODAY], ["987654", "purchase", TODAY - 1], ["x' OR 1=1", "view", TODAY]]
    response = client.post("/memory/shown", {"taste": json.dumps(events[:2])})
    text = response.content.decode()
    assert response["Cache-Control"] == "private, no-store"
    assert text.index("A product that is gone") < text.index("Red chair")
    assert "bought" in text
    assert everything() == before
    damaged = client.post("/memory/shown", {"taste": json.dumps(events)})
    assert "is damaged (malformed)" in damaged.content.decode()


def test_other_sites_cannot_ask(shop, ann) -> None:  # noqa: F811
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/memory/shown", {"taste": "[]"}).status_code == 403
    strict.force_login(ann)
    assert keep(strict, []).status_code == 403
    assert strict.delete(ACCOUNT).status_code == 403


@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_without_an_account_there_is_no_copy(client, db, method) -> None:
    assert getattr(client, method)(ACCOUNT).status_code == 401


def test_nothing_is_kept_until_it_is_asked_for(shop, signed_in) -> None:  # noqa: F811
    signed_in.get("/memory/")
    signed_in.post("/search/", {"q": "chair", "taste": json.dumps([["1", "view", TODAY]])})
    assert not AccountMemory.objects.exists()


def test_it_is_kept_sealed_merged_exported_and_erased(shop, signed_in, ann) -> None:  # noqa: F811
    before = everything()
    chair = shop.id("CHR-RED-01")
    assert keep(signed_in, [[chair, "view", TODAY]]).json() == {"events": [[chair, "view", TODAY]]}
    other = [["canary4711", "purchase", TODAY - 2], [chair, "view", TODAY]]
    assert keep(signed_in, other).json()["events"] == [other[0], other[1]]
    assert "canary4711" not in everything(), "it is sealed"
    exported = signed_in.get(ACCOUNT)
    assert "attachment" in exported["Content-Disposition"]
    assert exported.json()["events"][1] | {"day": ""} == {
        "product": chair,
        "title": "Red chair",
        "what": "view",
        "day": "",
    }
    assert exported.json()["events"][0]["product"] == "canary4711"
    receipt = signed_in.delete(ACCOUNT).json()
    assert receipt["erased"] == 2
    assert receipt["receipt"]
    assert everything() == before, "nothing remains but the receipt in the shopper's hands"
    assert signed_in.get(ACCOUNT).json()["events"] == []


def test_replacing_forgets_what_is_left_out(db, signed_in, ann) -> None:
    keep(signed_in, [["1", "view", TODAY], ["2", "view", TODAY]])
    body = json.dumps({"events": [["2", "view", TODAY]], "replace": True})
    assert signed_in.post(ACCOUNT, body, content_type="application/json").json() == {"events": [["2", "view", TODAY]]}


@pytest.mark.parametrize("wish", [{"Sec-GPC": "1"}, {"DNT": "1"}])
def test_a_browser_that_asks_not_to_be_tracked_gets_no_copy(db, signed_in, wish) -> None:
    response = keep(signed_in, [["1", "view", TODAY]], **wish)
    assert response.status_code == 403
    assert "Global Privacy Control" in response.json()["detail"]
    assert not AccountMemory.objects.exists()


@pytest.mark.parametrize(
    ("body", "status"), [("{", 400), ("[]", 400), ("[" * 3000, 400), ('{"events": [["1", "stare", 1]]}', 400), ("x" * 20_000, 413)]
)  # fmt: skip
def test_wrong_bodies_are_refused(db, signed_in, body, status) -> None:
    assert keep(signed_in, body).status_code == status
    assert not AccountMemory.objects.exists()


def test_one_copy_never_opens_in_anothers_row(db, ann, django_user_model) -> None:
    bob = django_user_model.objects.create_user("bob", password="x")
    accounts.keep(ann, [("1", "view", TODAY)])
    AccountMemory.objects.create(user=bob, sealed=AccountMemory.objects.get(user=ann).sealed)
    assert accounts.read(ann) == (("1", "view", TODAY),)
    assert accounts.read(bob) == ()


def test_a_copy_ends_after_its_time_and_with_the_account(db, ann, settings) -> None:
    accounts.keep(ann, [("1", "view", TODAY), ("2", "view", TODAY - accounts.KEPT_DAYS - 1)])
    assert accounts.read(ann) == (("1", "view", TODAY),)
    settings.SECRET_KEY = "another one"
    assert accounts.read(ann) == ()
    accounts.keep(ann, [("3", "view", TODAY)])
    assert accounts.expire() == 0
    AccountMemory.objects.update(changed="2020-01-01T00:00Z")
    assert accounts.expire() == 1
    accounts.keep(ann, [("3", "view", TODAY)])
    ann.delete()
    assert not AccountMemory.objects.exists()


def test_it_never_grows_beyond_what_a_search_accepts(db, ann) -> None:
    kept = accounts.keep(ann, [(f"{n:040}", "view", TODAY) for n in range(150)])
    assert len(json.dumps(kept, separators=(",", ":"))) <= 4096
    assert kept[-1][0].endswith("149")
