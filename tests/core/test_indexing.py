"""Journey A, from a save to a search, and everything that may go wrong on the way."""

from __future__ import annotations

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from tests.core.conftest import GADGETS, picture
from tests.shop.doubles import POISON, BreakableEngine, ThumbnailEncoder
from tests.shop.models import Gadget, GadgetImage, Maker, Tag
from visual_search import indexing, registry, wiring
from visual_search.content import objects
from visual_search.errors import EngineUnavailable
from visual_search.models import IndexEntry, State
from visual_search.signals import objects_changed
from visual_search.types import AnyOf, BrowseLeg, CodeLeg, EngineQuery


def due_now() -> None:
    IndexEntry.objects.exclude(next_attempt_at=None).update(next_attempt_at=timezone.now() - timedelta(seconds=1))


class TestASaveIsFound:
    def test_by_photo_words_code_and_facet(self, shop):
        maker, tag = Maker.objects.create(name="Acme"), Tag.objects.create(name="new")
        lamp = shop.add(
            "green lamp", picture(1), sku="L-1", category="Home > Light", price=Decimal("9.50"), maker=maker
        )
        lamp.tags.add(tag)
        chair = shop.add("red chair", picture(2), name_de="roter Stuhl")
        assert shop.index() == indexing.Outcome(indexed=2)
        assert shop.by_picture(picture(1)) == [str(lamp.pk), str(chair.pk)]
        assert shop.by_picture(picture(2))[0] == str(chair.pk)
        assert shop.by_words("lamp") == [str(lamp.pk)]
        assert shop.by_words("Stuhl", "de") == [str(chair.pk)]
        assert shop.search(CodeLeg("code", ("l-1",), 5)) == [str(lamp.pk)]
        for filter in (AnyOf("category", ("Home",)), AnyOf("maker", ("Acme",)), AnyOf("tags", ("new",))):
            answer = wiring.engine().search(GADGETS, EngineQuery((BrowseLeg("all", 5),), (filter,)))
            assert [hit.id for hit in answer.leg("all").hits] == [str(lamp.pk)]

    def test_entries_say_what_the_index_holds(self, shop):
        shop.add()
        shop.add()
        shop.index()
        assert shop.held() == shop.expected()
        assert set(IndexEntry.objects.values_list("state", flat=True)) == {State.INDEXED}
        assert all(entry.indexed_version == entry.version for entry in IndexEntry.objects.all())

    def test_a_changed_name_replaces_the_old_one_and_encodes_no_picture_again(self, shop):
        gadget = shop.add("lamp", picture(1))
        shop.index()
        gadget.name = "candle"
        gadget.save()
        shop.index()
        assert shop.by_words("lamp") == []
        assert shop.by_words("candle") == [str(gadget.pk)]
        assert ThumbnailEncoder.pictures == 1

    def test_a_new_picture_is_the_only_one_that_is_encoded(self, shop):
        gadget = shop.add("lamp", picture(1))
        shop.index()
        shop.add_picture(gadget, picture(2))
        shop.index()
        assert ThumbnailEncoder.pictures == 2
        assert shop.by_picture(picture(2)) == [str(gadget.pk)]

    def test_a_commit_is_enough(self, live_shop):
        gadget = live_shop.add("lamp", picture(1))
        assert live_shop.by_picture(picture(1)) == [str(gadget.pk)]
        gadget.delete()
        assert live_shop.all_ids() == []

    def test_nothing_due_costs_nothing(self, shop):
        assert shop.index() == indexing.Outcome()
        assert wiring._built == {}


class TestLeavingTheIndex:
    def test_a_deleted_object(self, shop):
        gadget = shop.add()
        shop.index()
        gadget.delete()
        assert shop.index() == indexing.Outcome(removed=1)
        assert shop.held() == {}

    def test_an_object_that_leaves_the_sources_queryset_and_comes_back(self, shop):
        gadget = shop.add()
        shop.index()
        gadget.published = False
        gadget.save()
        assert shop.index() == indexing.Outcome(removed=1)
        assert shop.all_ids() == []
        assert shop.entry(gadget).deleted
        gadget.published = True
        gadget.save()
        assert shop.index() == indexing.Outcome(indexed=1)
        assert shop.all_ids() == [str(gadget.pk)]
        assert not shop.entry(gadget).deleted

    def test_an_object_that_never_belonged_there(self, shop):
        gadget = shop.add(published=False)
        assert shop.index() == indexing.Outcome(removed=1)
        assert shop.entry(gadget).state == State.INDEXED

    def test_an_object_made_again_with_the_same_id(self, shop):
        gadget = shop.add("old")
        shop.index()
        pk = gadget.pk
        gadget.delete()
        Gadget.objects.create(pk=pk, name="new")
        shop.index()
        assert shop.by_words("new") == [str(pk)]
        pk = Gadget.objects.get().pk
        Gadget.objects.get().delete()
        shop.index()
        Gadget.objects.create(pk=pk, name="third")
        shop.index()
        assert shop.by_words("third") == [str(pk)]

    def test_an_id_that_no_object_can_have(self, shop):
        objects_changed.send(Gadget, ids=["not-a-number"])
        gadget = shop.add()
        assert shop.index() == indexing.Outcome(indexed=1, removed=1)
        assert shop.all_ids() == [str(gadget.pk)]


class TestBatches:
    def test_a_burst_takes_one_encoder_call_and_one_write(self, shop, monkeypatch):
        calls = []
        real = ThumbnailEncoder.images
        monkeypatch.setattr(ThumbnailEncoder, "images", lambda self, some: calls.append(len(some)) or real(self, some))
        for n in range(20):
            shop.add(f"thing {n}", picture(n))
        assert shop.index().indexed == 20
        assert calls == [20]
        assert BreakableEngine.upserts == 1

    def test_queries_do_not_grow_with_the_batch(self, shop, django_assert_max_num_queries):
        for n in range(30):
            shop.add(f"thing {n}", picture(n))
        with django_assert_max_num_queries(40):
            assert shop.index().indexed == 30

    def test_many_take_several_batches(self, shop):
        shop.use(INDEX_BATCH=8)
        seen = []
        for n in range(20):
            shop.add(f"thing {n}")
        assert indexing.index_pending(progress=seen.append).indexed == 20
        assert seen == [8, 8, 4]

    def test_it_stops_between_batches_when_asked(self, shop):
        shop.use(INDEX_BATCH=8)
        for n in range(20):
            shop.add(f"thing {n}")
        answers = iter([False, True])
        assert indexing.index_pending(should_stop=lambda: next(answers)).indexed == 8
        assert IndexEntry.objects.filter(state=State.PENDING).count() == 12


class TestBadObjects:
    def test_a_broken_picture_does_not_keep_the_words_out(self, shop):
        gadget = shop.add("lamp", b"no picture at all", picture(2))
        assert shop.index() == indexing.Outcome(indexed=1)
        assert shop.by_words("lamp") == [str(gadget.pk)]
        assert shop.by_picture(picture(2)) == [str(gadget.pk)]
        entry = shop.entry(gadget)
        assert entry.state == State.INDEXED
        assert "isn't a picture" in entry.warning
        GadgetImage.objects.order_by("pk").first().delete()
        shop.index()
        assert shop.entry(gadget).warning == ""

    def test_a_picture_that_breaks_the_encoder(self, shop):
        good = [shop.add(f"lamp {n}", picture(n)) for n in range(5)]
        bad = shop.add("magenta", picture(colour=POISON))
        assert shop.index().indexed == 6
        assert "breaks everything" in shop.entry(bad).warning
        assert shop.by_words("magenta") == [str(bad.pk)]
        assert shop.by_picture(picture(3))[0] == str(good[3].pk)

    def test_what_the_engine_refuses_is_tried_once_a_run_and_named(self, shop, caplog):
        shop.use(INDEX_RETRY_SECONDS=0, INDEX_BATCH=2)
        gadgets = [shop.add(f"lamp {n}") for n in range(5)]
        BreakableEngine.poison = str(gadgets[1].pk)
        assert shop.index() == indexing.Outcome(indexed=4, failed=1)
        assert f"refused 1 documents of 'gadgets', {gadgets[1].pk} among them: ZeroDivisionError" in caplog.text
        entry = shop.entry(gadgets[1])
        assert (entry.state, entry.attempts, entry.error) == (State.FAILED, 1, "ZeroDivisionError: an engine's bug")
        assert shop.index() == indexing.Outcome(failed=1), "the next run tries it again"
        BreakableEngine.poison = ""
        assert shop.index() == indexing.Outcome(indexed=1)

    def test_a_file_that_is_gone(self, shop):
        gadget = shop.add("lamp", picture(1))
        GadgetImage.objects.get().file.storage.delete(GadgetImage.objects.get().file.name)
        assert shop.index().indexed == 1
        assert "isn't there" in shop.entry(gadget).warning

    def test_a_storage_that_is_away_is_tried_again(self, shop, monkeypatch):
        gadget = shop.add("lamp", picture(1))

        def away(*args, **kwargs):
            raise ConnectionError("bucket is away")

        with monkeypatch.context() as patch:
            patch.setattr("django.core.files.storage.FileSystemStorage._open", away)
            shop.index()
        assert shop.by_words("lamp") == [str(gadget.pk)]
        entry = shop.entry(gadget)
        assert entry.state == State.FAILED
        assert "bucket is away" in entry.error
        due_now()
        assert shop.index() == indexing.Outcome(indexed=1)
        assert shop.by_picture(picture(1)) == [str(gadget.pk)]
        assert shop.entry(gadget).error == ""
        assert shop.held() == shop.expected()

    def test_a_source_that_fails_on_one_object(self, shop, caplog):
        good, bad = shop.add("lamp"), shop.add("unreadable")
        assert shop.index() == indexing.Outcome(indexed=1, failed=1)
        assert shop.all_ids() == [str(good.pk)]
        assert "Gadgets.texts() failed for Gadget" in shop.entry(bad).error
        assert "no texts today" in shop.entry(bad).error
        assert shop.entry(bad).next_attempt_at > timezone.now()
        bad.name = "readable"
        bad.save()
        assert shop.index() == indexing.Outcome(indexed=1)

    def test_a_document_that_the_engine_rejects(self, shop):
        good, bad = shop.add("lamp", price=1), shop.add("chair")
        Gadget.objects.filter(pk=bad.pk).update(price=None)
        real = type(registry.source(GADGETS)).facets
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(
                type(registry.source(GADGETS)),
                "facets",
                lambda self, obj: real(self, obj) | ({"price": float("inf")} if obj.pk == bad.pk else {}),
            )
            assert shop.index() == indexing.Outcome(indexed=1, failed=1)
        assert shop.all_ids() == [str(good.pk)]
        assert "price" in shop.entry(bad).error

    def test_a_document_that_breaks_the_engine(self, shop, monkeypatch, caplog):
        gadgets = [shop.add(f"lamp {n}") for n in range(6)]
        monkeypatch.setattr(BreakableEngine, "poison", str(gadgets[2].pk))
        assert shop.index() == indexing.Outcome(indexed=5, failed=1)
        assert str(gadgets[2].pk) not in shop.all_ids()
        assert "an engine's bug" in shop.entry(gadgets[2]).error

    def test_a_queryset_that_fails_on_one_object(self, shop, monkeypatch, caplog):
        gadgets = [shop.add(f"lamp {n}") for n in range(6)]
        real = objects.read_objects

        def read_objects(source, ids):
            if str(gadgets[4].pk) in ids:
                raise RuntimeError("a property of the model fails")
            return real(source, ids)

        monkeypatch.setattr(objects, "read_objects", read_objects)
        assert shop.index() == indexing.Outcome(indexed=5, failed=1)
        assert "a property of the model fails" in shop.entry(gadgets[4]).error


class TestOutages:
    def test_an_engine_that_is_down_fails_no_save_and_heals(self, live_shop, monkeypatch):
        monkeypatch.setattr(BreakableEngine, "down", True)
        gadget = live_shop.add("lamp", picture(1))
        entry = live_shop.entry(gadget)
        assert entry.state == State.FAILED
        assert entry.error == "The engine doesn't answer."
        monkeypatch.setattr(BreakableEngine, "down", False)
        due_now()
        assert live_shop.index() == indexing.Outcome(indexed=1)
        assert live_shop.by_picture(picture(1)) == [str(gadget.pk)]

    @pytest.mark.parametrize("call", ["upsert", "delete"])
    def test_an_engine_that_dies_in_the_middle_is_an_outage_too(self, shop, monkeypatch, caplog, call):
        """It still answered when the batch began. The entries wait; none of them is called a bad document."""
        shop.use(INDEX_BATCH=2)
        gone = shop.add("chair")
        shop.index()
        gadgets = [shop.add(f"lamp {n}", picture(n)) for n in range(3)]
        gone.delete()

        def die(self, collection, sent):
            raise EngineUnavailable("The connection was reset.")

        with monkeypatch.context() as broken:
            broken.setattr(BreakableEngine, call, die)
            outcomes = [shop.index() for _ in range(2)]
        assert "The connection was reset." in {outcome.stopped for outcome in outcomes}
        errors = set(IndexEntry.objects.filter(state=State.FAILED).values_list("error", flat=True))
        assert errors == {"The connection was reset."}
        assert "Traceback" not in caplog.text
        due_now()
        shop.index()
        assert shop.held() == shop.expected()
        assert set(shop.held()) == {str(gadget.pk) for gadget in gadgets}

    def test_it_does_not_take_batch_after_batch_while_the_engine_is_down(self, shop, monkeypatch):
        shop.use(INDEX_BATCH=2)
        for _ in range(6):
            shop.add()
        monkeypatch.setattr(BreakableEngine, "down", True)
        outcome = shop.index()
        assert (outcome.failed, outcome.stopped) == (2, "The engine doesn't answer.")
        assert IndexEntry.objects.filter(state=State.PENDING).count() == 4
        assert ThumbnailEncoder.pictures == 0

    def test_an_encoder_that_is_missing(self, live_shop, monkeypatch):
        monkeypatch.setattr(ThumbnailEncoder, "down", True)
        gadget = live_shop.add("lamp", picture(1))
        assert live_shop.entry(gadget).error == "The weights aren't there."
        monkeypatch.setattr(ThumbnailEncoder, "down", False)
        due_now()
        assert live_shop.index().indexed == 1

    def test_settings_that_are_wrong(self, live_shop):
        live_shop.use(encoder="NoSuchEncoder")
        gadget = live_shop.add()
        assert "NoSuchEncoder" in live_shop.entry(gadget).error
        live_shop.use()
        due_now()
        assert live_shop.index().indexed == 1

    def test_an_index_made_for_another_encoder(self, live_shop):
        live_shop.add()
        live_shop.use(options={"flavour": "b"})
        gadget = live_shop.add()
        assert "visual_search rebuild" in live_shop.entry(gadget).error

    def test_a_collection_whose_source_is_gone(self, shop):
        IndexEntry.objects.all().note("forgotten", [1])
        gadget = shop.add()
        assert shop.index() == indexing.Outcome(indexed=1, failed=1)
        assert "forgotten" in IndexEntry.objects.get(collection="forgotten").error
        assert shop.all_ids() == [str(gadget.pk)]

    def test_an_unforeseen_failure_is_recorded(self, shop, monkeypatch, caplog):
        gadget = shop.add()

        def fail(collection):
            raise ZeroDivisionError("a bug")

        monkeypatch.setattr(wiring, "schema", fail)
        assert shop.index() == indexing.Outcome(failed=1)
        assert shop.entry(gadget).error == "ZeroDivisionError: a bug"


class TestChangesMeanwhile:
    def test_a_save_after_reading_stays_pending_and_wins(self, shop, monkeypatch):
        gadget = shop.add("old")
        real = indexing.store

        def store(engine, collection, prepared):
            if gadget.name == "old":
                gadget.name = "new"
                gadget.save()
            return real(engine, collection, prepared)

        monkeypatch.setattr(indexing, "store", store)
        outcome = shop.index()
        assert outcome.indexed == 2
        assert shop.by_words("new") == [str(gadget.pk)]
        assert shop.by_words("old") == []
        assert shop.held() == shop.expected()

    def test_a_delete_while_encoding_wins(self, shop):
        gadget = shop.add("lamp", picture(1))
        pk = gadget.pk
        ThumbnailEncoder.on_images = gadget.delete
        shop.index()
        assert shop.all_ids() == []
        assert shop.entry(pk).state == State.INDEXED
        assert shop.entry(pk).deleted

    def test_a_worker_that_comes_late_overwrites_nothing(self, shop):
        gadget = shop.add("old")
        late = IndexEntry.objects.all().claim(5)
        prepared = indexing.prepare(registry.source(GADGETS), wiring.encoder(), {str(gadget.pk): late[0].version})
        gadget.name = "new"
        gadget.save()
        shop.index()
        report = indexing.store(wiring.engine(), GADGETS, prepared)
        indexing.settle(late, prepared, report)
        assert report.skipped == (str(gadget.pk),)
        assert shop.by_words("new") == [str(gadget.pk)]
        assert shop.held() == shop.expected()

    def test_a_worker_that_comes_late_does_not_bring_a_deleted_object_back(self, shop):
        gadget = shop.add("lamp")
        late = IndexEntry.objects.all().claim(5)
        prepared = indexing.prepare(registry.source(GADGETS), wiring.encoder(), {str(gadget.pk): late[0].version})
        gadget.delete()
        shop.index()
        indexing.settle(late, prepared, indexing.store(wiring.engine(), GADGETS, prepared))
        assert shop.all_ids() == []

    def test_threads_that_save_and_index_at_once_end_equal(self, live_shop):
        problems: list[BaseException] = []
        gadgets = [Gadget.objects.create(name=f"thing {n}") for n in range(12)]

        def work(seed: int) -> None:
            try:
                for step in range(15):
                    gadget = Gadget.objects.get(pk=gadgets[(seed * 5 + step * 7) % 12].pk)
                    gadget.name = f"thing {seed} {step}"
                    gadget.published = (seed + step) % 4 != 0
                    gadget.save()
            except BaseException as problem:
                problems.append(problem)
            finally:
                connection.close()

        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert problems == []
        live_shop.index()
        assert live_shop.held() == live_shop.expected()
        for gadget in Gadget.objects.filter(published=True):
            assert str(gadget.pk) in live_shop.by_words(gadget.name)
        assert not IndexEntry.objects.exclude(state=State.INDEXED).exists()
