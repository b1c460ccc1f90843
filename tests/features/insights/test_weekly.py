"""The weekly mail has the figures of the page, in text and in HTML, and goes to each recipient alone."""

from __future__ import annotations

import pytest
from django.core import mail as outbox
from django.core.management import CommandError, call_command

from tests.features.insights.scripted import counts_of, products, sealed
from visual_search.features.insights import tasks, weekly
from visual_search.features.insights.folding import fold
from visual_search.features.insights.options import options

PAGE = "/admin/visual_search_insights/foldedday/weekly/"
DAY = 20_412

pytestmark = pytest.mark.django_db


@pytest.fixture
def busy() -> None:
    of = products()
    for day in range(DAY - 13, DAY + 1):
        asked = sealed(60, of, seed=day)
        fold(day, asked, counts_of(asked))


@pytest.fixture
def to(settings):
    def name(*recipients: str) -> None:
        settings.VISUAL_SEARCH = {**settings.VISUAL_SEARCH, "INSIGHTS": {"RECIPIENTS": list(recipients)}}

    yield name
    options.cache_clear()


def test_both_forms_have_the_same_figures(busy) -> None:
    made = weekly.mail()
    assert made.subject == "Searches from 2025-11-14 to 2025-11-20"
    for form in (made.text, made.html):
        for expected in ("60.00", "What searches found", "Readable words", "unobtainium", "Clicked far down"):
            assert expected in form
    assert "<" not in made.text
    assert "style=" not in made.html
    assert all(len(line) < 200 for line in made.text.splitlines())


def test_each_recipient_gets_a_mail_of_their_own(busy, to) -> None:
    to("ann@shop.example", "bob@shop.example")
    tasks.weekly_report()
    assert [one.to for one in outbox.outbox] == [["ann@shop.example"], ["bob@shop.example"]]
    assert outbox.outbox[0].alternatives[0].mimetype == "text/html"


def test_without_days_or_recipients_nothing_is_sent(busy, to) -> None:
    to()
    assert weekly.send() == 0
    assert outbox.outbox == []


def test_nothing_is_mailed_of_no_days(to) -> None:
    to("ann@shop.example")
    assert weekly.mail() is None
    assert weekly.send() == 0


def test_the_command_sends_it_to_whom_it_is_told(busy, to, capsys) -> None:
    to()
    with pytest.raises(CommandError, match="RECIPIENTS"):
        call_command("visual_search", "send_weekly_report")
    with pytest.raises(CommandError, match="nobody"):
        call_command("visual_search", "send_weekly_report", "--to", "nobody")
    call_command("visual_search", "send_weekly_report", "--to", "ann@shop.example")
    assert capsys.readouterr().out == "1 sent.\n"
    assert outbox.outbox[0].to == ["ann@shop.example"]


def test_staff_see_it_before_it_is_sent(busy, admin_client, to) -> None:
    to("ann@shop.example")
    text = admin_client.get(PAGE).content.decode()
    assert "ann@shop.example" in text
    assert "What searches found" in text
    page = admin_client.get(f"{PAGE}mail/").content.decode()
    assert page.startswith("<!DOCTYPE html>")
    assert outbox.outbox == []


def test_the_preview_of_nothing_says_so(admin_client) -> None:
    assert "nothing to report" in admin_client.get(PAGE).content.decode()
    assert admin_client.get(f"{PAGE}mail/").status_code == 404


def test_a_mail_is_in_the_language_that_is_active(busy) -> None:
    from django.utils import translation  # Only here.

    with translation.override("de"):
        assert 'lang="de"' in weekly.mail().html
