"""What questions need is loaded when a server starts, and `health/ready` says when that is done."""

from __future__ import annotations

import threading

import pytest

from visual_search import search, warming, wiring
from visual_search.signals import search_served


@pytest.fixture(autouse=True)
def _cold(monkeypatch):
    monkeypatch.setattr(warming, "_thread", None)
    monkeypatch.setattr(warming, "_failed", False)


def test_a_process_that_does_not_warm_up_is_ready(shop, client) -> None:
    answer = client.get("/api/v1/health/ready")
    assert (answer.status_code, answer.json()) == (200, {"ok": True, "detail": ""})


@pytest.mark.django_db(transaction=True)
def test_ready_waits_for_what_questions_need(shop, client, monkeypatch) -> None:
    served: list[object] = []
    search_served.connect(lambda **kwargs: served.append(kwargs), weak=False, dispatch_uid="warming")
    go_on = threading.Event()
    asked: list[bool] = []
    rank = search.rank

    def slow(query, **parts):
        go_on.wait(60)
        asked.append(bool(query.pictures))
        return rank(query, **parts)

    monkeypatch.setattr(search, "rank", slow)
    thread = warming.start()
    answer = client.get("/api/v1/health/ready")
    assert (answer.status_code, answer.json()["ok"]) == (503, False)
    assert "still being loaded" in answer.json()["detail"]
    assert client.get("/api/v1/health/live").json()["ok"] is True
    go_on.set()
    thread.join()
    search_served.disconnect(dispatch_uid="warming")
    assert client.get("/api/v1/health/ready").json() == {"ok": True, "detail": ""}
    assert {True, False} <= set(asked)  # a photo and words
    assert served == []  # nobody asked


@pytest.mark.django_db(transaction=True)
def test_what_can_not_be_loaded_is_told_and_logged(shop, client, monkeypatch, caplog) -> None:
    def broken() -> None:
        raise RuntimeError("no weights")

    monkeypatch.setattr(wiring, "reader", broken)
    warming.start().join()
    answer = client.get("/api/v1/health/ready")
    assert (answer.status_code, answer.json()["ok"]) == (200, True)
    assert "couldn't be loaded" in answer.json()["detail"]
    assert "no weights" in caplog.text
