"""Index and database agree again, whatever happened between them."""

from __future__ import annotations

import shutil
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.core.conftest import GADGETS, picture
from tests.shop.doubles import BreakableEngine, ThumbnailEncoder
from tests.shop.models import Gadget, GadgetImage, Maker
from visual_search import rebuilding, reconciling, tasks, wiring
from visual_search.models import IndexEntry, State
from visual_search.reconciling import Reconciled
from visual_search.types import Document, VersionedId


def reconcile(**options) -> Reconciled:
    return reconciling.reconcile(GADGETS, **options)[GADGETS]


def idle(found: Reconciled) -> bool:
    return found == Reconciled()


@pytest.fixture
def filled(shop):
    gadgets = [shop.add(f"thing {n}", picture(n)) for n in range(5)]
    shop.index()
    assert idle(reconcile())
    return gadgets


def check(shop) -> None:
    """What every case must end in."""
    assert shop.held() == shop.expected()
    assert not IndexEntry.objects.exclude(state=State.INDEXED).exists()
    assert idle(reconcile())


def test_objects_that_were_never_noted(shop, filled):
    Gadget.objects.bulk_create([Gadget(name="bulk one"), Gadget(name="bulk two")])
    assert reconcile().missing == 2
    assert len(shop.by_words("bulk")) == 2
    check(shop)


def test_objects_that_vanished_without_a_signal(shop, filled):
    Gadget.objects.filter(pk=filled[0].pk).update(published=False)
    pk = filled[1].pk
    filled[1].images.all().delete()
    shop.index()
    Gadget.objects.filter(pk=pk)._raw_delete("default")
    assert reconcile().vanished == 2
    assert str(pk) not in shop.all_ids()
    check(shop)


def test_objects_that_came_back_without_a_signal(shop, filled):
    gadget = filled[0]
    gadget.published = False
    gadget.save()
    shop.index()
    Gadget.objects.filter(pk=gadget.pk).update(published=True)
    assert reconcile().missing == 1
    check(shop)


def test_pending_claimed_and_failed_entries(shop, filled):
    for gadget in filled[:3]:
        gadget.save()
    outbox = IndexEntry.objects.all()
    outbox.claim(1)
    outbox.fail(outbox.claim(1), "broken")
    assert reconcile().outcome.indexed == 3
    check(shop)


def test_the_scheduled_one_leaves_retry_times_and_live_claims_alone(shop, filled):
    for gadget in filled[:2]:
        gadget.save()
    outbox = IndexEntry.objects.all()
    outbox.claim(1)
    outbox.fail(outbox.claim(1), "broken")
    assert idle(reconcile(retry_failed=False))
    assert set(IndexEntry.objects.values_list("state", flat=True)) == {State.INDEXED, State.PROCESSING, State.FAILED}


def test_documents_that_the_index_lost(shop, filled):
    engine = wiring.engine()
    engine.delete(GADGETS, [VersionedId(str(filled[0].pk), shop.entry(filled[0]).version + 3)])
    assert reconcile().drifted == 1
    check(shop)


def test_an_index_that_was_lost_entirely(shop, filled):
    wiring.reset()
    shutil.rmtree(shop.folder)
    assert reconcile().drifted == 5
    check(shop)


def test_an_index_that_is_ahead_of_a_restored_database(shop, filled):
    backup = dict(IndexEntry.objects.values_list("pk", "version"))
    for gadget in filled:
        Gadget.objects.filter(pk=gadget.pk).update(name="from the future")
        gadget.refresh_from_db()
        gadget.save()
    filled[4].delete()
    shop.index()
    for pk, version in backup.items():
        IndexEntry.objects.filter(pk=pk).update(version=version, indexed_version=version, deleted=False)
    Gadget.objects.update(name="restored")
    Gadget.objects.bulk_create([Gadget(pk=int(IndexEntry.objects.latest("pk").object_id), name="restored")])
    reconcile()
    assert len(shop.by_words("restored")) == 5
    assert shop.by_words("future") == []
    check(shop)


def test_a_database_that_was_lost_beside_an_index_that_was_not(shop, filled):
    filled[0].images.all().delete()
    IndexEntry.objects.all().delete()
    Gadget.objects.filter(pk=filled[0].pk)._raw_delete("default")
    Gadget.objects.update(name="again")
    reconcile()
    assert len(shop.by_words("again")) == 4
    check(shop)


def test_a_document_of_no_object_is_removed(shop, filled):
    wiring.engine().upsert(GADGETS, [Document("999999", 5), Document("not-a-number", 5)])
    assert reconcile().drifted == 2
    check(shop)


def test_an_engine_that_is_down_is_reported(shop, filled, monkeypatch):
    Gadget.objects.bulk_create([Gadget(name="bulk")])
    monkeypatch.setattr(BreakableEngine, "down", True)
    assert reconcile().outcome.stopped == "The engine doesn't answer."
    monkeypatch.setattr(BreakableEngine, "down", False)
    reconcile()
    check(shop)


class TestDeep:
    """Content is compared, so it doesn't matter how it was changed."""

    @pytest.fixture
    def settled(self, shop, filled):
        assert idle(reconcile(deep=True))
        return filled

    @pytest.mark.parametrize(
        "fields",
        [
            {"name": "renamed"},
            {"name_de": "umbenannt"},
            {"description": "described"},
            {"sku": "X-1"},
            {"category": "Home > Bath"},
            {"price": 7},
        ],
        ids=lambda fields: next(iter(fields)),
    )
    def test_a_change_without_a_signal_is_found_once(self, shop, settled, fields):
        Gadget.objects.filter(pk=settled[2].pk).update(**fields)
        assert idle(reconcile())
        found = reconcile(deep=True)
        assert (found.differing, found.outcome.indexed) == (1, 1)
        assert idle(reconcile(deep=True))
        check(shop)

    def test_what_a_related_row_says(self, shop, settled):
        maker = Maker.objects.create(name="Acme")
        Gadget.objects.filter(pk__in=[settled[0].pk, settled[1].pk]).update(maker=maker)
        assert reconcile(deep=True).differing == 2
        Maker.objects.update(name="Zenith")
        assert reconcile(deep=True).differing == 2
        assert idle(reconcile(deep=True))

    def test_the_index_holds_what_was_found(self, shop, settled):
        Gadget.objects.filter(pk=settled[3].pk).update(name="unheard")
        assert shop.by_words("unheard") == []
        reconcile(deep=True)
        assert shop.by_words("unheard") == [str(settled[3].pk)]

    def test_pictures_that_come_and_go(self, shop, settled):
        GadgetImage.objects.bulk_create([GadgetImage(gadget=settled[0], file=settled[1].images.get().file.name)])
        GadgetImage.objects.filter(gadget=settled[4])._raw_delete("default")
        assert reconcile(deep=True).differing == 2
        assert shop.by_picture(picture(1))[:2] == [str(settled[0].pk), str(settled[1].pk)]
        assert idle(reconcile(deep=True))

    def test_after_a_rebuild_nothing_differs(self, shop, settled):
        Gadget.objects.filter(pk=settled[0].pk).update(name="rebuilt")
        rebuilding.rebuild(GADGETS)
        assert idle(reconcile(deep=True))
        assert shop.by_words("rebuilt") == [str(settled[0].pk)]

    def test_entries_from_before_are_indexed_once(self, shop, settled):
        IndexEntry.objects.update(content_hash="")
        assert reconcile(deep=True).differing == 5
        assert idle(reconcile(deep=True))

    def test_an_object_that_can_no_longer_be_read_says_so(self, shop, settled):
        Gadget.objects.filter(pk=settled[0].pk).update(name="unreadable")
        assert reconcile(deep=True).outcome.failed == 1
        assert "no texts today" in shop.entry(settled[0]).error

    def test_a_picture_that_cannot_be_opened_does_not_differ_for_ever(self, shop, settled):
        shop.add_picture(settled[0], b"no picture")
        shop.index()
        assert shop.entry(settled[0]).warning
        assert idle(reconcile(deep=True))

    def test_the_nightly_task_does_it(self, shop, settled):
        Gadget.objects.filter(pk=settled[0].pk).update(name="nightly")
        tasks.reconcile()
        assert shop.by_words("nightly") == []
        tasks.reconcile(deep=True)
        assert shop.by_words("nightly") == [str(settled[0].pk)]


class TestCommand:
    def run(self, *args: str) -> tuple[str, str]:
        out, err = StringIO(), StringIO()
        call_command("visual_search", "reconcile", *args, stdout=out, stderr=err)
        return out.getvalue(), err.getvalue()

    def test_it_says_what_it_did(self, shop, filled):
        Gadget.objects.bulk_create([Gadget(name="bulk"), Gadget(name="unreadable")])
        out, err = self.run("--collection", GADGETS)
        assert "gadgets: 1 indexed, 0 removed, 1 failed (found 2 without an entry, 0 whose object is gone" in out
        assert "no texts today" in err

    def test_a_second_run_finds_nothing(self, shop, filled):
        assert "gadgets: 0 indexed, 0 removed, 0 failed" in self.run("--collection", GADGETS)[0]

    def test_a_deep_one_counts_what_differs(self, shop, filled):
        Gadget.objects.filter(pk=filled[0].pk).update(name="renamed")
        assert "1 whose content differed)" in self.run("--collection", GADGETS, "--deep")[0]
        assert "0 whose content differed)" in self.run("--collection", GADGETS, "--deep")[0]
        assert "content differed" not in self.run("--collection", GADGETS)[0]

    def test_an_unknown_collection_is_named_with_the_known_ones(self, shop):
        with pytest.raises(CommandError, match="'gadgetz'.*gadgets"):
            self.run("--collection", "gadgetz")

    def test_an_outage_fails_it(self, shop, monkeypatch):
        monkeypatch.setattr(BreakableEngine, "down", True)
        with pytest.raises(CommandError, match=r"The engine doesn't answer\. The entries stay in the outbox"):
            self.run("--collection", GADGETS)


class TestPicturesThatCameBack:
    def away(self, gadget):
        """Removes the file of the first picture; gives its path and bytes."""
        file = gadget.images.order_by("position").first().file
        data = Path(file.path).read_bytes()
        Path(file.path).unlink()
        return Path(file.path), data

    def test_the_object_is_indexed_again_with_it(self, shop, filled):
        gadget = shop.add("two", picture(20), picture(21))
        path, data = self.away(gadget)
        shop.index()
        assert "isn't there" in shop.entry(gadget).warning
        assert idle(reconcile())
        path.write_bytes(data)
        before = ThumbnailEncoder.pictures
        found = reconcile()
        assert (found.healed, found.outcome.indexed) == (1, 1)
        assert ThumbnailEncoder.pictures == before + 1
        assert shop.by_picture(picture(20))[0] == str(gadget.pk)
        assert shop.entry(gadget).warning == ""
        check(shop)

    def test_a_broken_picture_that_was_mended(self, shop, filled):
        gadget = shop.add("lamp", b"broken")
        shop.index()
        assert idle(reconcile())
        Path(gadget.images.get().file.path).write_bytes(picture(20))
        assert reconcile().healed == 1
        assert shop.by_picture(picture(20))[0] == str(gadget.pk)
        check(shop)

    def test_an_object_that_cannot_be_read_now_stays_as_it_is(self, shop, filled):
        gadget = shop.add("lamp", b"broken")
        shop.index()
        Gadget.objects.filter(pk=gadget.pk).update(name="unreadable")
        assert idle(reconcile())

    def test_only_a_thorough_reconcile_opens_the_files(self, shop, filled):
        gadget = shop.add("lamp", picture(20))
        path, data = self.away(gadget)
        shop.index()
        path.write_bytes(data)
        assert idle(reconcile(retry_failed=False))
        assert reconcile().healed == 1
