"""A day's last look, public lists, and time limits that hold (promises P2, P3, P4, P13)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.apps import apps
from django.core.management import call_command

from visual_search.features.query_log import sealing
from visual_search.features.query_log.models import (
    AuditEntry,
    Counter,
    EventCount,
    LedgerEntry,
    LoggedEvent,
    LoggedQuery,
    PublicRelease,
    QueryCount,
    SealedDay,
    SealedWeek,
    SearchReport,
    VocabularyWord,
    WeekShare,
    WindowShare,
    WindowTally,
)
from visual_search.features.query_log.options import day_keys, options, window_keys
from visual_search.privacy.keys import DAY_SECONDS


def test_what_k_clients_typed_becomes_readable_and_the_rest_does_not(shop) -> None:
    for client in range(3):
        shop.ask("Red  CHAIR", client)
    for client in range(2):
        shop.ask("canarysecret", client)
    [day] = shop.finish_day()
    count = QueryCount.objects.get()
    assert (count.day, count.text, count.clients, count.queries) == (day, "red chair", 3, 3)
    sealed = SealedDay.objects.get(day=day)
    assert (sealed.readable, sealed.withheld, sealed.lost) == (1, 2, 0)
    assert "canarysecret" not in shop.everything()
    assert sorted(LoggedQuery.objects.values_list("text", flat=True)) == ["", "", "red chair", "red chair", "red chair"]


def test_one_client_a_thousand_times_stays_unreadable(shop) -> None:
    for _ in range(1000):
        shop.ask("canarysecret", client=1)
    shop.finish_day()
    assert not QueryCount.objects.exists()
    assert "canarysecret" not in shop.everything()


def test_text_with_a_personal_form_stays_unreadable_however_many_type_it(shop) -> None:
    for client in range(20):
        shop.ask("call +49 30 901820", client)
    shop.finish_day()
    assert not QueryCount.objects.exists()
    assert set(LoggedQuery.objects.values_list("masked", flat=True)) == {"⟨phone⟩"}


def test_after_sealing_no_row_has_what_ties_it_to_another_and_the_key_is_gone(shop) -> None:
    shop.ask(client=1)
    shop.finish_day()
    assert bytes(LoggedQuery.objects.get().closed) == b""
    assert not any(name.startswith("day-") for name in _key_names(shop))


def test_questions_without_results_are_counted(shop) -> None:
    for client in range(3):
        shop.ask("unobtainium", client, hits=())
    shop.finish_day()
    assert QueryCount.objects.get().without_results == 3


def test_what_was_done_after_a_readable_text_is_counted_and_after_others_not(shop) -> None:
    ids = [shop.ask("red chair", client) for client in range(3)]
    lonely = shop.ask("canarysecret", client=9)
    for query_id in (*ids, lonely):
        shop.buffer.event(query_id, "click", "7", position=2, opted_out=False)
    shop.finish_day()
    counted = EventCount.objects.get()
    assert (counted.text, counted.object_id, counted.action_name, counted.position, counted.events) == (
        "red chair", "7", "click", 2, 3,
    )  # fmt: skip


def test_sealing_waits_for_late_rows_and_runs_once(shop) -> None:
    shop.ask(client=1)
    shop.buffer.flush()
    shop.to_midnight(minutes=10)
    assert sealing.seal_due() == []
    shop.later(hours=0.5)
    assert len(sealing.seal_due()) == 1
    assert sealing.seal_due() == []


def test_without_any_schedule_the_next_search_seals(shop) -> None:
    shop.ask(client=1)
    shop.to_midnight(minutes=40)
    shop.ask(client=2)  # writes yesterday's rows, then tidies
    assert SealedDay.objects.count() == 1
    assert LoggedQuery.objects.exclude(closed=b"").count() == 1


def test_with_the_key_gone_before_sealing_the_texts_are_lost_and_nothing_else(shop) -> None:
    for client in range(5):
        shop.ask("red chair", client)
    shop.buffer.flush()
    shop.later(days=3)
    sealing.seal_due()
    sealed = SealedDay.objects.get()
    assert (sealed.readable, sealed.lost) == (0, 5)
    assert not QueryCount.objects.exists()
    assert not LoggedQuery.objects.exclude(closed=b"").exists()


# --- Time limits --------------------------------------------------------------------------------


def test_rows_live_as_long_as_was_promised_and_no_longer(shop) -> None:
    query_id = shop.ask(client=1)
    shop.buffer.event(query_id, "click", "1", position=1, opted_out=False)
    shop.buffer.flush()
    shop.later(hours=48)
    sealing.expire()
    assert (LoggedQuery.objects.count(), LoggedEvent.objects.count()) == (1, 1)
    shop.later(hours=1)
    sealing.expire()
    assert not LoggedQuery.objects.exists()
    assert not LoggedEvent.objects.exists()


def test_all_that_is_kept_ends_on_the_day_that_was_promised(shop) -> None:
    """The public lists and the catalogue's words are of nobody, so they stay."""
    shop.knows("Red chair")
    day = day_keys().epoch().number
    for client in range(3):
        query_id = shop.ask(client=client)
        shop.buffer.event(query_id, "click", "1", position=1, opted_out=False)
    shop.finish_day()
    shop.later(days=28)
    sealing.tidy()
    numbers = {QueryCount: "day", EventCount: "day", SealedDay: "day"}
    kept = {model: model.objects.filter(**{name: day}) for model, name in numbers.items()}
    kept[Counter] = Counter.objects.filter(hour__lt=_start_of(day + 1))
    kept[AuditEntry] = AuditEntry.objects.filter(at__lt=_start_of(day + 2).isoformat())
    rows = {model: queryset.count() for model, queryset in kept.items()}
    assert 0 not in rows.values()

    # The audit tells of a day on the day after it, so it ends a day later.
    shop.later(days=day + options().counts_days - day_keys().epoch().number)
    sealing.tidy()
    assert {model: queryset.count() for model, queryset in kept.items()} == rows
    shop.later(days=1)
    sealing.tidy()
    assert [model for model, queryset in kept.items() if queryset.exists()] == [AuditEntry]
    shop.later(days=1)
    sealing.tidy()
    assert not kept[AuditEntry].exists()
    assert [LedgerEntry.objects.filter(name="texts").count(), VocabularyWord.objects.count()] == [1, 2]


def test_every_table_of_the_log_is_judged_by_a_time_limit() -> None:
    """Who adds a table says here when its rows end, and adds it to the tests above."""
    ends = {LoggedQuery, LoggedEvent, Counter, SealedDay, QueryCount, EventCount, WindowShare, WindowTally, AuditEntry}
    ends |= {WeekShare, SealedWeek}  # test_weeks.py
    stays = {PublicRelease, LedgerEntry, VocabularyWord, SearchReport}  # the report is a page of SealedDay
    assert set(apps.get_app_config("visual_search_query_log").get_models()) == ends | stays


def test_tidying_seals_a_day_and_releases_a_window_that_are_over(shop) -> None:
    shop.use(WINDOW_DAYS=2)
    window = window_keys().epoch().number
    shop.ask(client=1)
    shop.buffer.flush()
    shop.to_midnight(minutes=40)
    sealing.tidy()
    assert (SealedDay.objects.count(), WindowShare.objects.count(), PublicRelease.objects.count()) == (1, 1, 0)
    shop.later(days=2)
    sealing.tidy()
    assert WindowShare.objects.count() == 0
    assert not WindowTally.objects.exists()
    assert {entry.window for entry in LedgerEntry.objects.all()} == {window}


def test_with_the_schedule_stopped_the_next_search_keeps_the_promise(shop) -> None:
    shop.ask(client=1)
    shop.buffer.flush()
    old = LoggedQuery.objects.get().query_id
    shop.later(days=5)
    shop.ask(client=2)
    assert not LoggedQuery.objects.filter(query_id=old).exists()
    assert [name for name in _key_names(shop) if name.startswith("day-")] == [day_keys().epoch().name]


def test_keys_of_windows_end_with_them(shop) -> None:
    shop.ask(client=1)
    shop.later(days=29)
    sealing.expire()
    assert window_keys().epoch().name not in _key_names(shop)
    assert not _key_names(shop)


def _start_of(day: int) -> datetime:
    return datetime.fromtimestamp(day * DAY_SECONDS, tz=UTC)


def _key_names(shop) -> list[str]:
    return sorted(path.stem for path in shop.folder.glob("*.key"))


@pytest.mark.parametrize("again", range(2))
def test_the_command_does_it_all(shop, capsys, again: int) -> None:

    shop.ask(client=1)
    shop.buffer.flush()
    shop.to_midnight(minutes=40)
    call_command("visual_search", "tidy_query_log", vocabulary=True)
    assert "1 days sealed" in capsys.readouterr().out
