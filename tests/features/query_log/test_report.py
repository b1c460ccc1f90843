"""The staff page: rates, texts that enough clients typed, and totals that add up over what is hidden."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.features.query_log.shop import material, page
from visual_search.features.query_log.models import AuditEntry
from visual_search.features.query_log.report import report
from visual_search.types import Query

URL = "/admin/visual_search_query_log/searchreport/"


@pytest.fixture
def busy(shop):
    for client in range(5):
        shop.ask("red chair", client=client)
    for client in range(2):
        shop.ask("canary rare", client=client)
    shop.ask("call 0170 1234567", client=3)  # looks personal
    shop.ask("", client=1)  # a list that nobody asked a question of
    shop.ask("gone", client=2, hits=())
    wish = Query(words="red chair")
    shop.buffer.question(wish, page(uuid4(), ["1"]), material=material(9), opted_out=True)
    clicked = shop.ask("red chair", client=7)
    for position in (1, 2, 3, 4):
        shop.buffer.event(clicked, "impression", str(position), position=position, opted_out=False)
    shop.buffer.event(clicked, "click", "2", position=2, opted_out=False)
    shop.finish_day()
    for client in range(4):
        shop.ask("blue chair", client=client)
    shop.buffer.flush()
    return shop


def test_totals_add_up_over_what_is_hidden(busy) -> None:
    shown = report()
    today, yesterday = shown.days[:2]
    assert (yesterday.searches, yesterday.with_words) == (12, 11)
    assert (yesterday.readable, yesterday.hidden, yesterday.unsealed) == (6, 5, 0)
    assert (today.with_words, today.readable, today.hidden, today.unsealed) == (4, 0, 0, 4)
    for day in shown.days:
        assert day.readable + day.hidden + day.unsealed == day.with_words
        assert sum(day.kinds.values()) == day.searches
    totals = shown.totals
    assert totals["readable"] + totals["hidden"] + totals["unsealed"] == totals["with_words"] == 15


def test_rates_and_texts(busy) -> None:
    shown = report()
    yesterday = shown.days[1]
    assert yesterday.zero_rate == pytest.approx(1 / 12)
    assert list(yesterday.found.values()) == [1, 0, 11, 0]
    assert yesterday.click_through == 0.25
    assert yesterday.clicks_a_search == pytest.approx(1 / 12)
    assert (yesterday.within, yesterday.languages) == ("<100ms", [("en", 12)])
    assert [(row.text, row.client_days, row.queries) for row in shown.top] == [("red chair", 6, 6)]


def test_staff_see_it_and_the_visit_is_noted(busy, admin_client) -> None:
    response = admin_client.get(URL)
    text = response.content.decode()
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    assert "red chair" in text
    assert "Hidden for privacy: 5 searches" in text
    assert "canary" not in text
    entry = AuditEntry.objects.get(action="view search report")
    assert entry.actor.startswith("user ")
    listed = admin_client.get("/admin/visual_search_query_log/auditentry/")
    assert "view search report" in listed.content.decode()


def test_others_do_not(busy, client, django_user_model) -> None:
    assert client.get(URL).status_code == 302
    client.force_login(django_user_model.objects.create_user("clerk", password="x", is_staff=True))
    assert client.get(URL).status_code == 403
    assert not AuditEntry.objects.filter(action="view search report").exists()


def test_a_text_that_attacks_the_page_is_text(shop, admin_client) -> None:
    for client in range(4):
        shop.ask("<script>alert(1)</script>", client=client)
    shop.finish_day()
    assert b"<script>alert(1)" not in admin_client.get(URL).content
