"""Rows of former encoders and readers go once nobody has used them for long, and never before."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from tests.core.conftest import GADGETS, picture
from tests.shop.doubles import BreakableEngine
from visual_search import rebuilding, tasks, wiring
from visual_search.content import pruning, readings, uses
from visual_search.errors import EngineUnavailable
from visual_search.models import Embedding, MakerUse, PictureSight, StoredCalibration

OLD = {"thumbnail-a", "words-a"}  # the fingerprints of the first encoder's spaces


@pytest.fixture(autouse=True)
def _fresh_process() -> None:
    uses.forget()


@pytest.fixture
def changed(shop):
    """A shop whose encoder was changed: five objects have vectors of both, a grade of the old one and a look by it."""
    for n in range(5):
        shop.add(f"lamp {n}", picture(n))
    shop.index()
    readings.see_pending()
    PictureSight.objects.create(content_hash="0" * 64, maker="a former reader", thumbnail=b"", keypoints=b"")
    for flavour in "ab":
        StoredCalibration.objects.create(collection=GADGETS, fingerprint=f"thumbnail-{flavour}", limits={})
    use_another_encoder(shop)
    rebuilding.rebuild(GADGETS)
    return shop


def use_another_encoder(shop) -> None:
    shop.use(options={"flavour": "b"})
    uses.forget()


def pass_days(days: float) -> None:
    for use in MakerUse.objects.all():
        MakerUse.objects.filter(pk=use.pk).update(used_at=use.used_at - timedelta(days=days))


def makers() -> set[str]:
    rows = (model.objects.values_list(field, flat=True) for model, field in pruning.STORED.items())
    return {maker for values in rows for maker in values}


def test_they_go_when_their_time_is_over_and_nothing_else_does(changed, monkeypatch):
    monkeypatch.setattr("visual_search.models.uses.CHUNK", 2)
    found = pruning.prune()
    assert found.removed == {}
    assert found.waiting.keys() == OLD | {"a former reader"}
    assert all(timedelta(29) < until - timezone.now() <= timedelta(30) for until in found.waiting.values())
    held, kept = changed.held(), Embedding.objects.exclude(fingerprint__in=OLD).count()

    pass_days(31)
    found = pruning.prune()
    assert found.removed == {
        "thumbnail-a": {"embeddings": 5, "calibrations of grades": 1},
        "words-a": {"embeddings": 5},
        "a former reader": {"picture sights": 1},
    }
    assert found.waiting == {}
    assert makers() == {"thumbnail-b", "words-b", readings.maker()}
    assert Embedding.objects.count() == kept == 10
    assert not MakerUse.objects.filter(maker__in=OLD).exists()
    assert pruning.prune() == pruning.Pruned()
    assert changed.held() == held
    assert changed.by_picture(picture(3))


def test_going_back_makes_them_again(changed):
    pruning.prune(0)
    changed.use(options={"flavour": "a"})
    rebuilding.rebuild(GADGETS)
    assert makers() > OLD
    pass_days(10)
    assert pruning.prune().waiting.keys() == {"thumbnail-b", "words-b"}


def test_a_live_index_of_another_encoder_keeps_its_rows(shop):
    shop.add("lamp", picture())
    shop.index()
    use_another_encoder(shop)
    pass_days(100)
    assert pruning.prune() == pruning.Pruned()
    assert makers() >= OLD


def test_a_process_that_still_has_the_old_settings_keeps_them(changed):
    pruning.prune()
    pass_days(31)
    changed.use(options={"flavour": "a"})
    uses.forget()
    wiring.engine().drop(GADGETS)  # as if this process had an index of its own
    changed.add("late lamp", picture(7))
    changed.index()
    use_another_encoder(changed)
    rebuilding.rebuild(GADGETS)
    found = pruning.prune()
    assert found.waiting.keys() == OLD
    assert found.removed.keys() == {"a former reader"}


def test_a_rebuild_says_what_it_uses_even_if_it_is_given_up(shop, monkeypatch):
    """For hours it makes rows for an index that isn't live yet, and nothing else says that somebody wants them."""
    shop.add("lamp", picture())
    shop.index()
    use_another_encoder(shop)
    said = set(MakerUse.objects.values_list("maker", flat=True))

    def die(self, collection, schema, documents, approve):
        raise EngineUnavailable("The disk is full.")

    monkeypatch.setattr(BreakableEngine, "rebuild", die)
    with pytest.raises(EngineUnavailable):
        rebuilding.rebuild(GADGETS)
    assert set(MakerUse.objects.values_list("maker", flat=True)) - said == {"thumbnail-b", "words-b"}


def test_of_what_nobody_has_said_anything_the_time_begins_now(changed):
    MakerUse.objects.all().delete()
    assert pruning.prune().waiting.keys() == OLD | {"a former reader"}
    pass_days(29)
    assert pruning.prune().removed == {}
    pass_days(2)
    assert pruning.prune().removed.keys() == OLD | {"a former reader"}


def test_nothing_goes_while_the_engine_cannot_say_what_it_uses(changed, monkeypatch, caplog):
    def away(self, collection):
        raise EngineUnavailable("The engine doesn't answer.")

    pruning.prune()
    pass_days(31)
    before = makers()
    monkeypatch.setattr(BreakableEngine, "schema", away)
    with pytest.raises(CommandError, match="Nothing was removed: The engine doesn't answer"):
        call_command("visual_search", "prune")
    tasks.prune()
    assert "What former encoders made stays: The engine doesn't answer." in caplog.text
    assert makers() == before
    monkeypatch.undo()
    tasks.prune()
    assert not OLD & makers()


def test_a_process_says_what_it_uses_once_an_hour(shop, django_assert_num_queries, monkeypatch):
    uses.note(["x"])
    with django_assert_num_queries(0):
        uses.note(["x"])
    clock = uses.time.monotonic
    monkeypatch.setattr(uses.time, "monotonic", lambda: clock() + uses.EVERY)
    MakerUse.objects.update(used_at=timezone.now() - timedelta(days=9))
    uses.note(["x"])
    assert timezone.now() - MakerUse.objects.get().used_at < timedelta(minutes=5)


class TestCommand:
    def say(self, **options) -> str:
        said = StringIO()
        call_command("visual_search", "prune", stdout=said, **options)
        return said.getvalue()

    def test_it_says_what_waits_what_it_would_do_and_what_it_did(self, changed):
        assert "There is nothing to remove." in (said := self.say())
        assert f"Out of use, kept until {timezone.now() + timedelta(days=30):%Y-%m-%d}: thumbnail-a" in said
        before = makers()
        said = self.say(dry_run=True, days=0)
        assert "Would remove 5 embeddings, 1 calibrations of grades of thumbnail-a" in said
        assert makers() == before
        assert "Removed 5 embeddings of words-a" in self.say(days=0)
        assert not OLD & makers()
        assert self.say() == "There is nothing to remove.\n"

    @pytest.mark.parametrize("days", [-1.0, float("nan"), 1e300])
    def test_a_wrong_number_is_named(self, shop, days):
        with pytest.raises(
            CommandError, match=f"--days is {days:g}; it must lie between 0 and 36500".replace("+", "\\+")
        ):
            self.say(days=days)
