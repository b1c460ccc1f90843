"""The whole way: shoppers search the shop's pages and choose by the events of its script; when the days are sealed, the order follows."""

from __future__ import annotations

import json

import pytest
from django.apps import apps
from django.test import Client

from tests.features.implicit_feedback.scripted import HOOKS
from tests.features.shoppers import shopper
from visual_search import search
from visual_search.features.implicit_feedback import current
from visual_search.features.implicit_feedback.models import ObjectFeedback

if not apps.is_installed("visual_search.features.query_log"):
    pytest.skip("The log of questions isn't installed.", allow_module_level=True)

from tests.features.query_log.shop import Shop as Log


@pytest.fixture
def log(settings, monkeypatch, tmp_path, shop):
    log = Log(settings, monkeypatch, tmp_path / "keys")
    log.use()
    shop.use(**HOOKS, IMPLICIT_FEEDBACK={"LEAST_CHOICES": 40})
    monkeypatch.setattr(current, "clock", lambda: log.now)
    yield log
    log.close()


def tell(client: Client, page, *events: tuple[str, str, int | None]) -> None:
    told = [
        {"query_id": page.query_id, "action_name": action, "object_id": id} | ({"position": at} if at else {})
        for action, id, at in events
    ]
    answer = client.post("/api/v1/events", json.dumps({"events": told}), content_type="application/json")
    assert answer.status_code == 204, answer.content


def a_day(log, served, choose: str, *, browsers: int = 30, **headers: str) -> list[str]:
    """All see the hits for "chair" and put the same one into the basket; returns the ids as they saw them."""
    ids: list[str] = []
    for number in range(browsers):
        client = shopper(number, **headers)
        assert client.get("/search/", {"q": "chair"}).status_code == 200
        page = served[-1]
        ids = [hit.id for hit in page.hits]
        seen = [("impression", id, at) for at, id in enumerate(ids, 1)]
        tell(client, page, *seen, ("basket", choose, ids.index(choose) + 1), ("purchase", choose, None))
    log.finish_day()
    current.forget()
    return ids


def test_what_shoppers_choose_comes_first_after_the_day(log, shop, served) -> None:
    chairs = {shop.id("CHR-RED-01"), shop.id("CHR-BLU-02")}
    first, second = [hit.id for hit in search.search(search.Query(words="chair", language="en")).hits][:2]
    assert {first, second} == chairs
    assert a_day(log, served, second)[:2] == [first, second]
    assert a_day(log, served, second, browsers=1)[:2] == [second, first]
    row = ObjectFeedback.objects.get(object_id=second)
    assert row.choices == 30 * 4
    assert served[-1].notes == ("feedback:weighed",)


def test_who_wants_no_note_is_not_counted(log, shop, served) -> None:
    a_day(log, served, shop.id("CHR-BLU-02"), **{"Sec-GPC": "1"})
    assert not ObjectFeedback.objects.exists()


def test_four_browsers_are_too_few_whatever_they_do(log, shop, served) -> None:
    for _ in range(12):
        a_day(log, served, shop.id("CHR-BLU-02"), browsers=4)
    assert not ObjectFeedback.objects.exists()
