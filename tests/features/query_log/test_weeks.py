"""Texts of a week: readable from K different clients on, however they spread over its days, and nothing else is left."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.features.query_log.shop import Shop
from visual_search.features.query_log import sealing, weeks
from visual_search.features.query_log.models import SealedWeek, WeekShare
from visual_search.features.query_log.options import options, week_keys
from visual_search.privacy.thresholds import Share
from visual_search.signals import week_sealed
from visual_search.types import SealedText


class Listener:
    def __init__(self) -> None:
        self.texts: list[SealedText] = []
        self.first: list[int] = []
        self.fails = False

    def hear(self, *, first: int, texts, **kwargs) -> None:
        if self.fails:
            raise RuntimeError("told to fail")
        self.first.append(first)
        self.texts += texts


@pytest.fixture
def heard() -> Iterator[Listener]:
    listener = Listener()
    week_sealed.connect(listener.hear)
    yield listener
    week_sealed.disconnect(listener.hear)


@pytest.fixture
def weekly(shop) -> Shop:
    shop.use(WEEKS=True)
    return shop


def to_end_of_week(shop: Shop) -> None:
    week = week_keys().epoch().number
    while week_keys().epoch().number == week:
        shop.finish_day()
    shop.to_midnight(minutes=70 - 24 * 60)


def names(shop: Shop, series: str) -> list[str]:
    return sorted(path.stem for path in shop.folder.glob(f"{series}-*.key"))


def test_what_few_typed_on_each_day_and_enough_in_the_week_becomes_readable(weekly, heard) -> None:
    first = week_keys().epoch().number * 7
    for client in range(3):
        weekly.ask("sofa bed", client, hits=() if client else ("1",))
        weekly.ask("rare thing", client % 2)
        weekly.finish_day()
        weekly.later(hours=1)
    assert heard.texts == []
    to_end_of_week(weekly)
    assert weeks.seal_due() == [first // 7]
    assert heard.texts == [SealedText("sofa bed", clients=3, questions=3, nothing=2, nothing_close=0)]
    assert heard.first == [first]
    assert (SealedWeek.objects.get().readable, SealedWeek.objects.get().withheld) == (1, 3)
    assert not WeekShare.objects.exists()
    assert weeks.seal_due() == []


def test_one_browser_on_every_day_is_one(weekly, heard) -> None:
    for _ in range(4):
        weekly.ask("canarysecret", client=1)
        weekly.ask("canarysecret", client=1)
        weekly.finish_day()
        weekly.later(hours=1)
    to_end_of_week(weekly)
    weeks.seal_due()
    assert heard.texts == []
    assert "canarysecret" not in weekly.everything()


def test_without_the_setting_nothing_is_kept_for_a_week(shop, heard) -> None:
    shop.ask("sofa bed", 1)
    shop.finish_day()
    assert not WeekShare.objects.exists()
    assert names(shop, "week") == []


def test_the_key_of_a_week_ends_with_it(weekly) -> None:
    weekly.ask("sofa bed", 1)
    weekly.finish_day()
    assert len(names(weekly, "week")) == 1
    to_end_of_week(weekly)
    sealing.tidy()
    assert names(weekly, "week") == []


def test_shares_of_two_texts_of_one_browser_have_nothing_in_common(weekly) -> None:
    for text in ("sofa bed", "red chair"):
        weekly.ask(text, client=1)
    weekly.finish_day()
    one, two = (Share.unpack(bytes(row.share)) for row in WeekShare.objects.all())
    assert one.tag != two.tag
    assert one.x != two.x


def test_a_personal_text_is_in_no_week(weekly) -> None:
    weekly.ask("call +49 30 901820", client=1)
    weekly.finish_day()
    assert not WeekShare.objects.exists()


def test_a_receiver_that_fails_hears_the_week_again(weekly, heard) -> None:
    for client in range(3):
        weekly.ask("sofa bed", client)
    weekly.finish_day()
    to_end_of_week(weekly)
    heard.fails = True
    with pytest.raises(RuntimeError):
        weeks.seal_due()
    assert WeekShare.objects.count() == 3
    heard.fails = False
    weeks.seal_due()
    assert [text.text for text in heard.texts] == ["sofa bed"]


def test_a_week_ends_with_the_counts(weekly) -> None:
    weekly.ask("sofa bed", 1)
    weekly.finish_day()
    to_end_of_week(weekly)
    sealing.tidy()
    assert SealedWeek.objects.count() == 1
    weekly.later(days=options().counts_days + 8)
    sealing.expire()
    assert not SealedWeek.objects.exists()
