"""Index and database agree again, whatever happened between them."""

from __future__ import annotations

import shutil
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.core.conftest import GADGETS, picture
from tests.shop.doubles import BreakableEngine
from tests.shop.models import Gadget
from visual_search import reconciling, wiring
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

    def test_an_unknown_collection_is_named_with_the_known_ones(self, shop):
        with pytest.raises(CommandError, match="'gadgetz'.*gadgets"):
            self.run("--collection", "gadgetz")

    def test_an_outage_fails_it(self, shop, monkeypatch):
        monkeypatch.setattr(BreakableEngine, "down", True)
        with pytest.raises(CommandError, match=r"The engine doesn't answer\. The entries stay in the outbox"):
            self.run("--collection", GADGETS)
