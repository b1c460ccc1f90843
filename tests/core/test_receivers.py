"""What is noted in the outbox, by which change, in which transaction."""

from __future__ import annotations

import logging

import pytest
from django.core import serializers
from django.db import IntegrityError, connection, transaction
from django.db.models.signals import post_save

from tests.core.conftest import GADGETS, picture
from tests.shop.models import BigGadget, Gadget, GadgetImage, Maker, RenamedGadget, Tag
from visual_search import receivers, tasks
from visual_search.models import IndexEntry, State
from visual_search.signals import objects_changed


@pytest.fixture
def noted(shop):
    """Calls that say which objects were noted since: `noted()` gives their ids and forgets them."""

    def take() -> list[str]:
        pending = IndexEntry.objects.filter(state=State.PENDING).order_by("pk")
        ids = list(pending.values_list("object_id", flat=True))
        pending.update(state=State.INDEXED)
        return ids

    return take


def test_a_new_object_is_noted(shop):
    gadget = shop.add()
    entry = shop.entry(gadget)
    assert (entry.collection, entry.object_id, entry.state, entry.deleted) == (
        GADGETS,
        str(gadget.pk),
        "pending",
        False,
    )


def test_each_save_raises_the_version(shop):
    gadget = shop.add()
    before = shop.entry(gadget).version
    gadget.save()
    gadget.save()
    assert shop.entry(gadget).version == before + 2


def test_a_save_costs_one_query(shop, django_assert_num_queries):
    gadget = shop.add()
    with django_assert_num_queries(2), transaction.atomic(savepoint=False):
        gadget.save()


def test_a_rolled_back_save_leaves_no_trace(live_shop):
    live_shop.add()
    before = IndexEntry.objects.values().get()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        _save_and_fail(live_shop)
    assert IndexEntry.objects.values().get() == before


def test_fixtures_are_noted(shop, noted):
    text = serializers.serialize("json", [Gadget(pk=77, name="from a fixture")])
    for item in serializers.deserialize("json", text):
        item.save()
    assert noted() == ["77"]


def test_a_delete_is_noted_with_a_greater_version(shop):
    gadget = shop.add()
    pk, version = gadget.pk, shop.entry(gadget).version
    gadget.delete()
    entry = shop.entry(pk)
    assert entry.deleted
    assert entry.version > version
    assert entry.state == State.PENDING


def test_a_queryset_delete_is_noted(shop, noted):
    gadgets = [shop.add(), shop.add()]
    noted()
    Gadget.objects.all().delete()
    assert noted() == [str(gadget.pk) for gadget in gadgets]


def test_children_and_proxies_are_noted_as_the_object_that_they_are(shop, noted):
    big = BigGadget.objects.create(name="big")
    assert noted() == [str(big.pk)]
    RenamedGadget.objects.get(pk=big.pk).save()
    assert noted() == [str(big.pk)]
    pk = big.pk
    big.delete()
    assert noted() == [str(pk)]


class TestWatchedModels:
    def test_a_picture_that_is_added_changed_or_removed_notes_its_gadget(self, shop, noted):
        gadget = shop.add()
        noted()
        image = shop.add_picture(gadget, picture())
        assert noted() == [str(gadget.pk)]
        image.save()
        assert noted() == [str(gadget.pk)]
        image.delete()
        assert noted() == [str(gadget.pk)]

    def test_a_picture_that_moves_notes_both_gadgets(self, shop, noted):
        first, second = shop.add(), shop.add()
        image = shop.add_picture(first, picture())
        noted()
        image.gadget = second
        image.save()
        assert noted() == [str(first.pk), str(second.pk)]

    def test_a_saved_maker_notes_its_gadgets(self, shop, noted):
        maker = Maker.objects.create(name="Acme")
        gadgets = [shop.add(maker=maker), shop.add(maker=maker)]
        shop.add()
        noted()
        maker.save()
        assert noted() == [str(gadget.pk) for gadget in gadgets]

    def test_a_deleted_maker_notes_its_gadgets(self, shop, noted):
        maker = Maker.objects.create(name="Acme")
        gadget = shop.add(maker=maker)
        noted()
        maker.delete()
        assert noted() == [str(gadget.pk)]

    def test_a_renamed_tag_notes_its_gadgets(self, shop, noted):
        tag = Tag.objects.create(name="new")
        gadget = shop.add()
        gadget.tags.add(tag)
        noted()
        tag.save()
        assert noted() == [str(gadget.pk)]

    def test_a_deleted_tag_notes_its_gadgets(self, shop, noted):
        tag = Tag.objects.create(name="new")
        gadget = shop.add()
        gadget.tags.add(tag)
        noted()
        tag.delete()
        assert noted() == [str(gadget.pk)]

    @pytest.mark.parametrize(
        "change",
        [
            lambda gadget, tag, other: gadget.tags.add(other),
            lambda gadget, tag, other: gadget.tags.remove(tag),
            lambda gadget, tag, other: gadget.tags.set([other]),
            lambda gadget, tag, other: gadget.tags.clear(),
            lambda gadget, tag, other: other.gadgets.add(gadget),
            lambda gadget, tag, other: tag.gadgets.remove(gadget),
            lambda gadget, tag, other: tag.gadgets.clear(),
        ],
        ids=["add", "remove", "set", "clear", "add from the other side", "remove from it", "clear from it"],
    )
    def test_a_changed_relation_notes_the_gadget(self, shop, noted, change):
        gadget, tag, other = shop.add(), Tag.objects.create(name="a"), Tag.objects.create(name="b")
        gadget.tags.add(tag)
        noted()
        change(gadget, tag, other)
        assert noted() == [str(gadget.pk)]

    def test_deleting_a_gadget_with_pictures_leaves_it_deleted(self, live_shop):
        gadget = live_shop.add("lamp", picture(1), picture(2))
        pk = gadget.pk
        assert live_shop.all_ids() == [str(pk)]
        gadget.delete()
        assert live_shop.all_ids() == []
        assert live_shop.entry(pk).deleted
        assert live_shop.state(pk) == State.INDEXED


class TestObjectsChanged:
    def test_bulk_changes_are_noted(self, shop, noted):
        gadgets = Gadget.objects.bulk_create([Gadget(name="a"), Gadget(name="b")])
        assert noted() == []
        objects_changed.send(Gadget, ids=[gadget.pk for gadget in gadgets])
        assert noted() == [str(gadget.pk) for gadget in gadgets]

    def test_bulk_deletes_are_noted(self, shop):
        gadget = shop.add()
        pk = gadget.pk
        Gadget.objects.filter(pk=pk)._raw_delete("default")
        objects_changed.send(Gadget, ids=[pk], deleted=True)
        assert shop.entry(pk).deleted

    def test_changes_of_watched_models_note_their_objects(self, shop, noted):
        gadget = shop.add()
        images = GadgetImage.objects.bulk_create([GadgetImage(gadget=gadget, file="x.png")])
        noted()
        objects_changed.send(GadgetImage, ids=(image.pk for image in images))
        assert noted() == [str(gadget.pk)]

    def test_thousands_take_a_few_queries(self, shop, django_assert_max_num_queries):
        with django_assert_max_num_queries(60):
            objects_changed.send(Gadget, ids=range(1, 2001))
        assert IndexEntry.objects.count() == 2000

    def test_other_models_are_none_of_our_business(self, shop):
        objects_changed.send(IndexEntry, ids=[1])
        assert not IndexEntry.objects.exists()


class TestSchedule:
    @pytest.fixture
    def starts(self, monkeypatch):
        calls: list[None] = []
        monkeypatch.setattr(tasks, "start", lambda: calls.append(None))
        return calls

    def test_many_saves_in_one_transaction_start_indexing_once(self, live_shop, starts):
        with transaction.atomic():
            for _ in range(20):
                live_shop.add()
            assert starts == []
        assert len(starts) == 1

    def test_a_rolled_back_savepoint_takes_only_its_own_start(self, live_shop, starts):
        with transaction.atomic():
            with pytest.raises(ZeroDivisionError), transaction.atomic():
                _save_and_fail(live_shop)
            live_shop.add()
        assert len(starts) == 1
        with transaction.atomic():
            live_shop.add()
            with pytest.raises(ZeroDivisionError), transaction.atomic():
                _save_and_fail(live_shop)
        assert len(starts) == 2

    def test_a_rolled_back_transaction_starts_nothing_and_the_next_one_does(self, live_shop, starts):
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            _save_and_fail(live_shop)
        assert starts == []
        live_shop.add()
        assert len(starts) == 1

    def test_it_is_caught_by_tests_of_a_shop(self, shop, starts, django_capture_on_commit_callbacks):
        shop.add()  # Its callback never runs: this test's transaction is rolled back.
        for count in (1, 2):
            with django_capture_on_commit_callbacks(execute=True):
                shop.add()
            assert len(starts) == count


class TestOutsideATransaction:
    def test_a_process_killed_between_save_and_note_leaves_a_note(self, live_shop, monkeypatch):
        gadget = live_shop.add("old")
        assert live_shop.by_words("old") == [str(gadget.pk)]
        monkeypatch.setattr(post_save, "send", _killed)
        gadget.name = "new"
        with pytest.raises(KeyboardInterrupt):
            gadget.save()
        monkeypatch.undo()
        assert Gadget.objects.get().name == "new"
        entry = live_shop.entry(gadget)
        assert entry.state == State.PENDING
        # Not at once: the save that it announces may still be under way.
        assert live_shop.index().indexed == 0
        IndexEntry.objects.update(next_attempt_at=entry.updated_at)
        assert live_shop.index().indexed == 1

    def test_a_database_that_refuses_the_note_does_not_fail_the_save(self, live_shop, caplog, monkeypatch):
        from django.db import DatabaseError

        def refuse(*args, **kwargs):
            raise DatabaseError("database is full")

        monkeypatch.setattr("visual_search.models.IndexEntryQuerySet.note_alone", refuse)
        with caplog.at_level(logging.ERROR):
            gadget = live_shop.add()
        assert Gadget.objects.filter(pk=gadget.pk).exists()
        assert "visual_search reconcile" in caplog.text


def _save_and_fail(shop):
    for gadget in Gadget.objects.all():
        gadget.save()
    shop.add()
    raise ZeroDivisionError


def _killed(*args, **kwargs):
    raise KeyboardInterrupt


def test_inside_a_transaction_an_error_of_the_note_undoes_the_save(live_shop, monkeypatch):
    def refuse(*args, **kwargs):
        raise IntegrityError("no")

    monkeypatch.setattr("visual_search.models.IndexEntryQuerySet.note", refuse)
    with pytest.raises(IntegrityError), transaction.atomic():
        live_shop.add()
    assert not Gadget.objects.exists()
    assert not connection.in_atomic_block


def test_connecting_again_doubles_nothing(shop):
    receivers.connect()
    gadget = shop.add()
    before = shop.entry(gadget).version
    gadget.save()
    assert shop.entry(gadget).version == before + 1
