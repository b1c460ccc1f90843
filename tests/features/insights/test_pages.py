"""The staff pages: who may open them, what they show, and that each look is told."""

from __future__ import annotations

import csv
import io
import re

import pytest

from tests.features.insights.scripted import counts_of, products, sealed
from visual_search.features.insights import dashboard
from visual_search.features.insights.figures import last_span
from visual_search.features.insights.folding import fold
from visual_search.features.insights.models import FoldedDay
from visual_search.features.query_log import weeks
from visual_search.features.query_log.models import AuditEntry
from visual_search.features.query_log.options import week_keys
from visual_search.privacy.keys import date_of

URL = "/admin/visual_search_insights/foldedday/"
DAY = 20_412


@pytest.fixture
def busy(shop):
    of = products()
    for day in range(DAY - 20, DAY + 1):
        asked = sealed(60, of, seed=day)
        fold(day, asked, counts_of(asked))
    return shop


def test_staff_see_figures_charts_and_tables(busy, admin_client) -> None:
    response = admin_client.get(URL)
    text = response.content.decode()
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    for expected in ("Searches by day (UTC)", "Objects seen in photos", "Home &gt; Office &gt; Chairs", "60"):
        assert expected in text
    drawings = re.findall(r"<svg class=.vsi-chart.*?</svg>", text, re.S)
    assert len(drawings) == 3
    assert all("<title" in one and "<desc" in one and 'role="img"' in one for one in drawings)
    assert "style=" not in text.partition('id="content-main"')[2]
    entry = AuditEntry.objects.get(action="view search insights")
    assert entry.facts == {"number": 28}


def test_every_sheet_can_be_taken_out(busy, admin_client) -> None:
    text = admin_client.get(f"{URL}?days=7").content.decode()
    links = re.findall(r'href="(\S+\.csv\?days=7)"', text)
    assert len(links) == 15
    for link in links:
        response = admin_client.get(link)
        assert response["Content-Type"].startswith("text/csv")
        rows = list(csv.reader(io.StringIO(response.content.decode())))
        assert len(rows[0]) > 1
    assert AuditEntry.objects.filter(action="export search insights").count() == 15
    assert admin_client.get(f"{URL}file/unknown.csv").status_code == 404


@pytest.mark.parametrize("asked", ["", "x", "0", "-1", "28", "12345678901234567890", "³"])
def test_a_span_that_is_none_is_four_weeks(busy, admin_client, asked: str) -> None:
    assert '<a href="?days=28" aria-current="page">' in admin_client.get(URL, {"days": asked}).content.decode()


def test_without_days_the_page_says_when_there_will_be_some(shop, admin_client) -> None:
    assert "No day has been counted yet" in admin_client.get(URL).content.decode()


def test_others_do_not_see_them(busy, client, django_user_model) -> None:
    assert client.get(URL).status_code == 302
    client.force_login(django_user_model.objects.create_user("clerk", password="x", is_staff=True))
    for address in (URL, f"{URL}file/days.csv"):
        assert client.get(address).status_code == 403
    assert not AuditEntry.objects.exists()


def test_words_of_a_week_stand_there_with_its_first_day(shop) -> None:
    """From the log's sealing to the sheet."""
    shop.use(WEEKS=True)
    begin = week_keys().epoch().number
    for client in range(3):
        shop.ask("sofa bed", client)
        shop.finish_day()
        shop.later(hours=1)
    while week_keys().epoch().number == begin:
        shop.ask("lamp", client=1)
        shop.finish_day()
    shop.later(hours=1)
    weeks.seal_due()
    sheets = {sheet.name: sheet for sheet in dashboard.sheets(last_span(7))}
    assert list(sheets["week_words"].rows) == [["sofa bed", date_of(begin * 7).isoformat(), 3, 3, 0, 0]]
    assert sheets["words"].rows == []


def test_a_text_that_attacks_the_page_or_a_spreadsheet_is_text(shop, admin_client) -> None:
    of = products()
    asked = [
        type(one)(**{**{name: getattr(one, name) for name in one.__slots__}, "text": text})
        for one in sealed(40, of)
        for text in ("<script>alert(1)</script>", "=cmd|calc")
    ]
    fold(DAY, asked, counts_of(asked))
    assert b"<script>alert(1)" not in admin_client.get(URL).content
    assert "\n'=cmd|calc," in admin_client.get(f"{URL}file/words.csv").content.decode().replace("\r", "")


def test_what_is_older_than_the_shop_keeps_is_deleted(busy) -> None:
    fold(DAY + 390, (), {})
    assert list(FoldedDay.objects.order_by("day").values_list("day", flat=True)) == [
        *range(DAY - 10, DAY + 1),
        DAY + 390,
    ]
