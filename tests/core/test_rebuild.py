"""A new index beside the live one; what is saved meanwhile; the way back."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import F
from django.urls import reverse

from tests.core.conftest import GADGETS, picture
from tests.shop.doubles import BreakableEngine, LearningEncoder, ThumbnailEncoder
from tests.shop.models import Gadget, GadgetImage
from tests.shop.search import Gadgets
from visual_search import indexing, rebuilding, registry, wiring
from visual_search.errors import CanaryFailed, EncoderUnavailable, IndexMissing
from visual_search.models import IndexEntry, LastRebuild, RunningRebuild, ShownPicture, State
from visual_search.signals import index_rebuilt


@pytest.fixture
def filled(shop):
    gadgets = [shop.add(f"thing {n}", picture(n)) for n in range(6)]
    shop.index()
    return gadgets


def check(shop) -> None:
    assert shop.held() == shop.expected()
    assert not IndexEntry.objects.exclude(state=State.INDEXED).exists()


class TestRebuild:
    def test_a_fresh_database_gets_its_first_index(self, shop):
        Gadget.objects.bulk_create([Gadget(name=f"thing {n}") for n in range(40)])
        seen = []
        rebuilt = rebuilding.rebuild(GADGETS, progress=seen.append)
        assert rebuilt.report.documents == 40
        assert rebuilt.report.previous is None
        assert rebuilt.problems == ()
        assert sum(seen) == 40
        check(shop)

    def test_it_needs_no_encoder_for_known_pictures(self, shop, filled):
        before = ThumbnailEncoder.pictures
        rebuilt = rebuilding.rebuild(GADGETS)
        assert ThumbnailEncoder.pictures == before
        assert rebuilt.report.documents == 6
        assert rebuilt.recall == 1.0
        check(shop)

    def test_another_encoder(self, shop, filled):
        shop.use(options={"flavour": "b", "with_cross": True})
        failed = shop.add("late", picture(9))
        shop.index()
        assert "visual_search rebuild" in shop.entry(failed).error
        rebuilding.rebuild(GADGETS)
        assert shop.by_picture(picture(9))[0] == str(failed.pk)
        check(shop)

    def test_pending_entries_are_settled_by_it(self, shop, filled):
        for gadget in filled[:3]:
            gadget.save()
        upserts = BreakableEngine.upserts
        rebuilding.rebuild(GADGETS)
        assert BreakableEngine.upserts == upserts
        check(shop)

    def test_unpublished_and_deleted_objects_are_not_in_it(self, shop, filled):
        Gadget.objects.filter(pk=filled[0].pk).update(published=False)
        filled[1].delete()
        assert rebuilding.rebuild(GADGETS).report.documents == 4
        check(shop)

    def test_an_object_that_fails_is_left_out_and_named(self, shop, filled):
        bad = shop.add("unreadable")
        rebuilt = rebuilding.rebuild(GADGETS)
        assert list(rebuilt.tally.failures) == [str(bad.pk)]
        assert "no texts today" in shop.entry(bad).error
        assert rebuilt.problems == ()
        assert rebuilt.report.documents == 6

    def test_a_broken_picture_is_a_warning(self, shop, filled):
        bad = shop.add("lamp", b"broken")
        rebuilding.rebuild(GADGETS)
        assert "isn't a picture" in shop.entry(bad).warning
        GadgetImage.objects.filter(gadget=bad).delete()
        rebuilding.rebuild(GADGETS)
        assert shop.entry(bad).warning == ""
        check(shop)

    def test_others_are_told(self, shop, filled):
        told = []

        def tell(sender, collection, report, **kwargs):
            told.append((sender, collection, report.documents))

        index_rebuilt.connect(tell)
        try:
            rebuilding.rebuild(GADGETS)
        finally:
            index_rebuilt.disconnect(tell)
        assert told == [(Gadget, GADGETS, 6)]

    @pytest.mark.parametrize("fault", ["canary", "encoder"])
    def test_a_failure_leaves_the_live_index_alone(self, shop, filled, monkeypatch, fault):
        shop.use(options={"flavour": "b"})
        monkeypatch.setattr(ThumbnailEncoder, "wrong_weights", fault == "canary")
        monkeypatch.setattr(ThumbnailEncoder, "down", fault == "encoder")
        with pytest.raises(CanaryFailed if fault == "canary" else EncoderUnavailable):
            rebuilding.rebuild(GADGETS)
        shop.use()
        monkeypatch.setattr(ThumbnailEncoder, "down", False)
        assert len(shop.by_words("thing")) == 6

    def test_an_encoder_that_learns_is_taught_the_shops_own_titles(self, shop, filled):
        shop.use(encoder="LearningEncoder")
        shop.add("without a picture")
        rebuilt = rebuilding.rebuild(GADGETS)
        vectors, titles, languages = LearningEncoder.lesson
        assert rebuilt.fitted == 6
        assert sorted(titles) == [f"thing {n}" for n in range(6)]
        assert set(languages) == {"en"}
        exact = wiring.encoder().images([_image(picture(int(titles[0][-1])))]).image[0]
        assert float(np.asarray(vectors[0]) @ exact) == pytest.approx(1, abs=1e-4)

    def test_objects_that_the_new_index_lacks_are_a_problem(self, shop, filled, monkeypatch):
        after_the_repair(monkeypatch, lambda held: held[1:])
        assert "lacks 1 of 6 objects, '" in rebuilding.rebuild(GADGETS).problems[0]

    def test_documents_of_no_known_object_are_a_problem(self, shop, filled, monkeypatch):
        after_the_repair(monkeypatch, lambda held: [*held, replace(held[0], id="stranger")])
        assert "holds 1 documents of no known object, 'stranger'" in rebuilding.rebuild(GADGETS).problems[0]

    @pytest.mark.parametrize("change", ["new", "saved", "deleted"])
    def test_saves_during_the_check_are_no_problem(self, shop, filled, monkeypatch, change):
        def meanwhile(held):
            if change == "new":
                shop.add("another thing", picture(7))
            elif change == "saved":
                filled[0].save()
            else:
                filled[0].delete()
            indexing.index_pending(GADGETS)
            # What the engine said was read before the worker wrote, or only in part.
            return [item for item in held if item.id != str(filled[0].pk)] if change == "saved" else held

        after_the_repair(monkeypatch, meanwhile)
        assert rebuilding.rebuild(GADGETS).problems == ()


def after_the_repair(monkeypatch, change) -> None:
    """Changes what the engine says it holds when the rebuild checks its work, which is the second time it asks."""
    real, asked = BreakableEngine.versions, []

    def versions(engine, collection):
        held = list(real(engine, collection))
        asked.append(collection)
        return change(held) if len(asked) == 2 else held

    monkeypatch.setattr(BreakableEngine, "versions", versions)


def _image(data):
    from visual_search.imaging.decode import decode

    return decode(data, max_bytes=10**6, max_pixels=10**6)


class TestRefused:
    """A new index that is much worse than what the shop has isn't taken."""

    @pytest.fixture
    def many(self, shop):
        gadgets = [shop.add(f"thing {n}", picture(n)) for n in range(10)]
        shop.index()
        return gadgets

    def refused(self, match: str) -> rebuilding.Tally:
        index = wiring.engine()._opened(GADGETS).generation.current
        files = set(index.parent.glob("*.sqlite3"))
        with pytest.raises(rebuilding.RebuildRefused, match=match) as refused:
            rebuilding.rebuild(GADGETS)
        assert wiring.engine()._opened(GADGETS).generation.current == index
        assert set(index.parent.glob("*.sqlite3")) == files
        return refused.value.tally

    def check(self, shop) -> None:
        """Every object is still in the live index, with its picture, and no entry is troubled."""
        assert len(shop.by_words("thing")) == 10
        assert len(shop.by_picture(picture(3))) == 10
        assert ShownPicture.objects.count() == 10
        check(shop)

    def test_every_object_fails(self, shop, many, monkeypatch):
        monkeypatch.setattr(Gadgets, "texts", _raising(RuntimeError("no texts today")))
        tally = self.refused("10 of 10 objects failed or lost a picture; at most 5% may")
        assert (tally.objects, tally.pictures, tally.warnings, len(tally.failures)) == (10, 0, 0, 10)
        assert "no texts today" in tally.first_reasons[0]
        assert len(tally.first_reasons) == 5
        monkeypatch.undo()
        self.check(shop)

    def test_the_storage_is_away(self, shop, many, monkeypatch):
        monkeypatch.setattr("tests.shop.search._bytes", _raising(OSError("no route to the storage")))
        assert len(self.refused("10 of 10 objects").failures) == 10
        monkeypatch.undo()
        self.check(shop)

    def test_the_folder_of_pictures_is_empty(self, shop, many, settings, tmp_path):
        media, settings.MEDIA_ROOT = settings.MEDIA_ROOT, tmp_path / "not mounted"
        tally = self.refused("10 of 10 objects")
        assert (tally.warnings, len(tally.failures), len(tally.lost)) == (10, 0, 10)
        settings.MEDIA_ROOT = media
        self.check(shop)

    def test_pictures_that_were_missing_before_are_no_reason(self, shop, many):
        for gadget in many[:4]:
            gadget.images.get().file.delete(save=False)
            gadget.save()
        shop.index()
        assert rebuilding.rebuild(GADGETS).tally.warnings == 4

    def test_the_engine_rejects_most(self, shop, many, monkeypatch):
        monkeypatch.setattr("visual_search.engines.embedded.writing.why_not", lambda *args: "too strange")
        assert self.refused("10 of 10 objects").first_reasons[0].endswith("too strange")
        monkeypatch.undo()
        self.check(shop)

    @pytest.mark.parametrize(("limit", "taken"), [(0.3, True), (0.2, False)])
    def test_the_share_of_failures_is_a_setting(self, shop, many, limit, taken):
        shop.use(REBUILD_FAILURES_MAX=limit)
        Gadget.objects.filter(pk__in=[gadget.pk for gadget in many[:3]]).update(name="unreadable")
        if taken:
            assert rebuilding.rebuild(GADGETS).report.documents == 7
        else:
            self.refused("3 of 10 objects")

    @pytest.mark.parametrize("lacking", [3, 4])
    def test_objects_vanish_without_a_word(self, shop, many, lacking):
        Gadget.objects.filter(pk__in=[gadget.pk for gadget in many[:lacking]]).update(published=False)
        if lacking == 3:
            assert rebuilding.rebuild(GADGETS).report.documents == 7
        else:
            tally = self.refused("has 6 documents, the live one 10, and 10 of those were never deleted")
            assert tally.objects == 6
            rebuilding.reconcile_source(registry.source(GADGETS))
            assert rebuilding.rebuild(GADGETS).report.documents == 6
            check(shop)

    def test_deletes_are_legitimate(self, shop, many):
        for gadget in many[:9]:
            gadget.delete()
        assert rebuilding.rebuild(GADGETS).report.documents == 1
        check(shop)

    def test_a_live_index_that_is_empty_may_stay_so(self, shop):
        wiring.engine().ensure(GADGETS, wiring.schema(GADGETS))
        assert rebuilding.rebuild(GADGETS).report.documents == 0

    def test_force_takes_it_all_the_same(self, shop, many):
        Gadget.objects.update(name="unreadable")
        assert rebuilding.rebuild(GADGETS, force=True).report.documents == 0
        assert shop.all_ids() == []

    def test_what_became_of_the_last_one_is_kept(self, shop, many, admin_client, settings):
        rebuilding.rebuild(GADGETS)
        last = LastRebuild.objects.get()
        assert (last.collection, last.taken, last.problem, last.reasons) == (GADGETS, True, "", [])
        assert (last.objects_read, last.pictures, last.warnings, last.failures) == (10, 10, 0, 0)
        Gadget.objects.update(name="unreadable")
        self.refused("10 of 10 objects")
        last = LastRebuild.objects.get()
        assert (last.taken, last.objects_read, last.pictures, last.failures) == (False, 10, 0, 10)
        assert "10 of 10 objects failed" in last.problem
        (said,) = admin_client.get("/api/v1/health").json()["rebuilds"]
        assert said | {"ended_at": ""} == {
            "collection": GADGETS, "ended_at": "", "taken": False, "objects": 10, "pictures": 0, "warnings": 0,
            "failures": 10, "problem": "", "reasons": [],
        }  # fmt: skip
        settings.DEBUG = True
        (said,) = admin_client.get("/api/v1/health").json()["rebuilds"]
        assert "no texts today" in said["reasons"][0]
        page = admin_client.get(reverse("admin:visual_search_lastrebuild_change", args=[last.pk])).content.decode()
        assert "10 of 10 objects failed" in page
        assert "no texts today" in page

    def test_how_far_it_is_can_be_watched(self, shop, many, admin_client, monkeypatch):
        monkeypatch.setattr(rebuilding, "TELL_SECONDS", 0)
        seen, lists = [], []

        def watch(count: int) -> None:
            seen.append(admin_client.get("/api/v1/health").json()["running"])
            lists.append(admin_client.get(reverse("admin:visual_search_runningrebuild_changelist")).content.decode())

        shop.use(INDEX_BATCH=4)
        rebuilding.rebuild(GADGETS, progress=watch)
        assert [(one["collection"], one["done"], one["total"]) for (one,) in seen] == [
            (GADGETS, 0, 10), (GADGETS, 4, 10), (GADGETS, 8, 10)
        ]  # fmt: skip
        assert "4 of 10 objects (40%)" in lists[1]
        assert "less than a minute" in lists[1]
        assert admin_client.get("/api/v1/health").json()["running"] == []
        assert not RunningRebuild.objects.exists()

    def test_one_that_ends_badly_runs_no_more(self, shop, many):
        Gadget.objects.update(name="unreadable")
        self.refused("10 of 10 objects")
        assert not RunningRebuild.objects.exists()

    def test_one_that_was_killed_says_so_until_the_next(self, shop, many, admin_client):
        RunningRebuild.objects.all().begin(GADGETS, 100)
        RunningRebuild.objects.all().advance(GADGETS, 50)
        running = RunningRebuild.objects.get()
        assert not running.silent
        an_hour = timedelta(hours=1)
        RunningRebuild.objects.update(started_at=F("started_at") - 2 * an_hour, seen_at=F("seen_at") - an_hour)
        running.refresh_from_db()
        assert running.silent
        assert running.left is not None
        assert timedelta(minutes=59) < running.left < timedelta(minutes=61)
        page = admin_client.get(reverse("admin:visual_search_runningrebuild_changelist")).content.decode()
        assert "was probably killed; the earlier index is in use" in page
        rebuilding.rebuild(GADGETS)
        assert not RunningRebuild.objects.exists()

    def test_an_outage_is_kept_too(self, shop, filled, monkeypatch):
        monkeypatch.setattr(ThumbnailEncoder, "down", True)
        shop.add("late", picture(77))
        with pytest.raises(EncoderUnavailable):
            rebuilding.rebuild(GADGETS)
        assert (LastRebuild.objects.get().taken, LastRebuild.objects.get().problem) == (
            False, "The weights aren't there.",
        )  # fmt: skip


def _raising(error):
    def fail(*args):
        raise error

    return fail


class TestSavedMeanwhile:
    """`during` runs a change at one moment of the rebuild."""

    def during(self, monkeypatch, moment: str, change) -> None:
        real = BreakableEngine.rebuild

        def rebuild(engine, collection, schema, documents, approve=None):
            def stream():
                for number, document in enumerate(documents):
                    yield document
                    if moment == "stream" and number == 3:
                        change()
                if moment == "end":
                    change()

            report = real(engine, collection, schema, stream(), approve)
            if moment == "swapped":
                change()
            return report

        monkeypatch.setattr(BreakableEngine, "rebuild", rebuild)

    @pytest.mark.parametrize("moment", ["stream", "end", "swapped"])
    @pytest.mark.parametrize("indexed", [True, False], ids=["indexed into the old index", "still pending"])
    def test_nothing_is_lost(self, shop, filled, monkeypatch, moment, indexed):
        def change():
            Gadget.objects.filter(pk=filled[0].pk).update(name="renamed")
            Gadget.objects.get(pk=filled[0].pk).save()
            Gadget.objects.get(pk=filled[1].pk).delete()
            filled[5].published = False
            filled[5].save()
            shop.add("brand new", picture(50))
            if indexed:
                shop.index()

        self.during(monkeypatch, moment, change)
        rebuilt = rebuilding.rebuild(GADGETS)
        assert rebuilt.problems == ()
        assert shop.by_words("renamed") == [str(filled[0].pk)]
        assert len(shop.by_words("brand")) == 1
        assert len(shop.all_ids()) == 5
        check(shop)

    def test_a_worker_that_wrote_to_the_old_index_but_had_not_settled(self, shop, filled, monkeypatch):
        late = {}

        def write_to_the_old_index():
            filled[0].name = "renamed"
            filled[0].save()
            late["entries"] = IndexEntry.objects.all().claim(5)
            from visual_search import registry

            versions = {entry.object_id: entry.version for entry in late["entries"]}
            late["prepared"] = indexing.prepare(registry.source(GADGETS), wiring.encoder(), versions)
            late["report"] = indexing.store(wiring.engine(), GADGETS, late["prepared"])

        self.during(monkeypatch, "end", write_to_the_old_index)
        rebuilding.rebuild(GADGETS)
        indexing.settle(late["entries"], late["prepared"], late["report"])
        assert shop.by_words("renamed") == [str(filled[0].pk)]
        check(shop)

    def test_threads_that_save_all_the_while(self, live_shop):
        for n in range(30):
            live_shop.add(f"thing {n}")
        stop = threading.Event()
        problems: list[BaseException] = []

        def work(seed: int) -> None:
            try:
                step = 0
                while not stop.is_set():
                    step += 1
                    gadget = Gadget.objects.order_by("pk")[(seed * 11 + step * 7) % 30]
                    gadget.name = f"renamed {seed} {step}"
                    gadget.save()
                    live_shop.add(f"added {seed} {step}")
            except BaseException as problem:
                problems.append(problem)
            finally:
                connection.close()

        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(2)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(3):
                rebuilding.rebuild(GADGETS)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        assert problems == []
        live_shop.index()
        check(live_shop)


class TestRollback:
    def test_the_old_index_comes_back_up_to_date(self, shop, filled):
        rebuilding.rebuild(GADGETS)
        filled[0].name = "renamed"
        filled[0].save()
        filled[1].delete()
        shop.index()
        index, found = rebuilding.rollback(GADGETS)
        assert index
        assert found.drifted == 2
        assert shop.by_words("renamed") == [str(filled[0].pk)]
        check(shop)

    def test_there_may_be_none(self, shop, filled):
        with pytest.raises(IndexMissing):
            rebuilding.rollback(GADGETS)


class TestCommands:
    def run(self, *args: str) -> str:
        out = StringIO()
        call_command("visual_search", *args, stdout=out, stderr=StringIO())
        return out.getvalue()

    def test_rebuild_names_both_indexes_and_the_way_back(self, shop, filled):
        first = self.run("rebuild", "--collection", GADGETS)
        assert "gadgets: 6 documents of 6 objects" in first
        assert "recall@10 of the sample: 1.000" in first
        second = self.run("rebuild", "--collection", GADGETS)
        new = _named(first, "new index: ")
        assert f"old index: {new}" in second
        assert "manage.py visual_search rollback --collection gadgets" in second
        assert f"gadgets: {new} is in use again" in self.run("rollback", "--collection", GADGETS)

    def test_rebuild_says_that_nothing_changed_when_it_fails(self, shop, filled, monkeypatch):
        monkeypatch.setattr(ThumbnailEncoder, "wrong_weights", True)
        with pytest.raises(CommandError, match="the index stays as it was: These weights"):
            self.run("rebuild", "--collection", GADGETS)

    def test_rebuild_says_why_it_was_refused_and_may_be_forced(self, shop, filled):
        Gadget.objects.update(name="unreadable")
        err = StringIO()
        with pytest.raises(CommandError, match="the index stays as it was: 6 of 6 objects failed"):
            call_command("visual_search", "rebuild", "--collection", GADGETS, stdout=StringIO(), stderr=err)
        lines = err.getvalue().splitlines()
        assert "6 objects, 0 pictures, 0 warnings, 6 failures" in lines[0]
        assert "no texts today" in lines[1]
        assert "... and 1 more." in lines[6]
        assert "gadgets: 0 documents of 6 objects" in self.run("rebuild", "--collection", GADGETS, "--force")

    def test_rebuild_names_failures_below_the_limit(self, shop, filled):
        shop.add("unreadable")
        err = StringIO()
        call_command("visual_search", "rebuild", "--collection", GADGETS, stdout=StringIO(), stderr=err)
        assert "no texts today" in err.getvalue()

    def test_rollback_says_when_there_is_nothing_to_go_back_to(self, shop, filled):
        with pytest.raises(CommandError, match="no earlier index"):
            self.run("rollback", "--collection", GADGETS)

    def test_rollback_to_another_encoders_index_says_what_to_do(self, shop, filled):
        shop.use(options={"flavour": "b"})
        self.run("rebuild", "--collection", GADGETS)
        with pytest.raises(CommandError, match="put the earlier settings back"):
            self.run("rollback", "--collection", GADGETS)
        shop.use()
        self.run("reconcile", "--collection", GADGETS)
        check(shop)


def _named(text: str, label: str) -> str:
    return text.split(label)[1].split(";", maxsplit=1)[0]
