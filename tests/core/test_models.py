"""The outbox: versions, claims, leases, retries; also with several threads at once."""

from __future__ import annotations

import sqlite3
import threading
from datetime import timedelta

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from visual_search import models
from visual_search.models import IndexEntry, State, clock_version

HOUR = timedelta(hours=1)


@pytest.fixture
def outbox(db):
    return IndexEntry.objects.all()


def entry(id: object = 1) -> IndexEntry:
    return IndexEntry.objects.get(collection="things", object_id=str(id))


class TestNote:
    def test_versions_start_at_the_clock_and_rise_by_one(self, outbox):
        before = clock_version()
        outbox.note("things", [1], created=True)
        first = entry().version
        assert before <= first <= clock_version() + 1
        outbox.note("things", [1])
        assert entry().version == first + 1

    def test_a_lost_database_starts_above_what_an_index_may_hold(self, outbox):
        outbox.note("things", [1])
        for _ in range(5):
            outbox.note("things", [1])
        held = entry().version
        IndexEntry.objects.all().delete()
        threading.Event().wait(0.01)
        outbox.note("things", [1])
        assert entry().version > held

    def test_known_and_unknown_ids_may_be_mixed_and_repeated(self, outbox):
        outbox.note("things", [1])
        assert outbox.note("things", [1, "1", 2, 3]) == 3
        assert IndexEntry.objects.count() == 3

    def test_a_wrong_hint_that_it_is_new_still_raises_the_version(self, outbox):
        outbox.note("things", [1])
        before = entry().version
        outbox.note("things", [1], created=True)
        assert entry().version == before + 1

    def test_collections_are_apart(self, outbox):
        outbox.note("things", [1])
        before = entry().version
        outbox.note("others", [1])
        assert entry().version == before

    def test_it_takes_a_failed_or_claimed_entry_back(self, outbox):
        outbox.note("things", [1])
        outbox.claim(5)
        outbox.note("things", [1])
        assert (entry().state, entry().claim, entry().claimed_until) == (State.PENDING, "", None)
        outbox.fail(outbox.claim(5), "broken")
        outbox.note("things", [1])
        assert (entry().state, entry().error, entry().attempts, entry().next_attempt_at) == (State.PENDING, "", 0, None)

    def test_a_leap_passes_any_version_of_the_past(self, outbox):
        outbox.note("things", [1])
        IndexEntry.objects.update(version=5)
        before = clock_version()
        outbox.note("things", [1], leap=True)
        assert entry().version >= before
        IndexEntry.objects.update(version=2**60)
        outbox.note("things", [1], leap=True)
        assert entry().version == 2**60 + 1


class TestClaim:
    def test_each_entry_is_given_to_one_worker(self, outbox):
        outbox.note("things", range(10))
        first, second, third = outbox.claim(6), outbox.claim(6), outbox.claim(6)
        ids = [item.object_id for item in first + second]
        assert len(first) == 6
        assert len(second) == 4
        assert third == []
        assert sorted(ids) == sorted(map(str, range(10)))

    def test_only_of_one_collection_where_asked(self, outbox):
        outbox.note("things", [1])
        outbox.note("others", [2])
        assert [item.object_id for item in outbox.claim(5, "others")] == ["2"]

    def test_an_expired_lease_is_claimed_again(self, outbox):
        outbox.note("things", [1])
        outbox.claim(1)
        assert outbox.claim(1) == []
        assert not outbox.due().exists()
        IndexEntry.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
        assert outbox.due().exists()
        assert len(outbox.claim(1)) == 1

    def test_a_failed_entry_waits_for_its_time(self, outbox):
        outbox.note("things", [1])
        outbox.fail(outbox.claim(1), "broken")
        assert outbox.claim(1) == []
        assert not outbox.due().exists()
        IndexEntry.objects.update(next_attempt_at=timezone.now() - timedelta(seconds=1))
        assert outbox.due().exists()
        assert len(outbox.claim(1)) == 1

    def test_fresh_changes_come_before_retries(self, outbox):
        outbox.note("things", [1])
        outbox.fail(outbox.claim(1), "broken")
        IndexEntry.objects.update(next_attempt_at=timezone.now() - HOUR)
        outbox.note("things", [2])
        assert [item.object_id for item in outbox.claim(1)] == ["2"]


class TestSettle:
    def test_it_is_indexed_at_its_version(self, outbox):
        outbox.note("things", [1])
        claimed = outbox.claim(1)
        assert outbox.settle(claimed, deleted=False, warning="no picture") == 1
        assert (entry().state, entry().indexed_version, entry().warning) == (
            State.INDEXED,
            claimed[0].version,
            "no picture",
        )

    def test_a_change_made_meanwhile_stays_pending(self, outbox):
        outbox.note("things", [1, 2])
        claimed = outbox.claim(5)
        outbox.note("things", [1])
        assert outbox.settle(claimed, deleted=False) == 1
        assert (entry(1).state, entry(2).state) == (State.PENDING, State.INDEXED)

    def test_a_failure_of_an_old_version_does_not_touch_a_new_one(self, outbox):
        outbox.note("things", [1])
        claimed = outbox.claim(1)
        outbox.note("things", [1])
        outbox.fail(claimed, "broken")
        assert (entry().state, entry().error) == (State.PENDING, "")

    def test_a_worker_that_lost_its_lease_settles_nothing(self, outbox):
        outbox.note("things", [1])
        slow = outbox.claim(1)
        IndexEntry.objects.update(claimed_until=timezone.now() - HOUR)
        outbox.claim(1)
        assert outbox.settle(slow, deleted=False) == 0
        assert entry().state == State.PROCESSING

    def test_waits_double_up_to_an_hour(self, outbox, settings):
        settings.VISUAL_SEARCH = {**settings.VISUAL_SEARCH, "INDEX_RETRY_SECONDS": 30}
        outbox.note("things", [1])
        waits = []
        for _ in range(9):
            IndexEntry.objects.update(next_attempt_at=None)
            before = timezone.now()
            outbox.fail(outbox.claim(1), "broken")
            waits.append(round((entry().next_attempt_at - before).total_seconds()))
        assert waits == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
        assert entry().attempts == 9

    def test_what_is_only_partly_indexed_comes_back_with_a_new_version(self, outbox):
        outbox.note("things", [1])
        (claimed,) = outbox.claim(1)
        outbox.settle_partly(claimed, "the storage is away")
        assert entry().indexed_version == claimed.version
        assert entry().version == claimed.version + 1
        assert (entry().state, entry().error) == (State.FAILED, "the storage is away")

    def test_versions_of_a_new_index_settle_what_they_match(self, outbox):
        outbox.note("things", [1, 2, 3])
        versions = {str(id): entry(id).version for id in (1, 2, 3)}
        outbox.fail(outbox.claim(1), "broken")
        outbox.note("things", [2])
        assert outbox.settle_versions("things", versions) == 2
        assert [entry(id).state for id in (1, 2, 3)] == [State.INDEXED, State.PENDING, State.INDEXED]
        assert entry(1).error == ""
        assert outbox.settle_versions("things", versions) == 0

    def test_each_entry_keeps_the_hash_of_its_own_content(self, outbox):
        ids = range(models.HASHES + 2)
        outbox.note("things", ids)
        outbox.settle(outbox.claim(len(ids)), deleted=False, hashes={str(id): f"hash {id}" for id in ids if id != 1})
        hashes = dict(IndexEntry.objects.values_list("object_id", "content_hash"))
        assert hashes == {str(id): "" if id == 1 else f"hash {id}" for id in ids}
        outbox.note("things", [0])
        assert entry(0).content_hash == "hash 0"
        outbox.settle(outbox.claim(1), deleted=True)
        assert entry(0).content_hash == ""

    def test_a_late_worker_writes_no_hash(self, outbox):
        outbox.note("things", [1])
        claimed = outbox.claim(1)
        outbox.note("things", [1])
        outbox.settle(claimed, deleted=False, hashes={"1": "old"})
        assert entry().content_hash == ""

    def test_hashes_of_a_new_index_belong_to_their_versions(self, outbox):
        outbox.note("things", [1, 2, 3])
        contents = {str(id): (entry(id).version, f"hash {id}") for id in (1, 2, 3)}
        outbox.note("things", [2])
        outbox.record_hashes("things", contents)
        assert [entry(id).content_hash for id in (1, 2, 3)] == ["hash 1", "", "hash 3"]


class TestLockedDatabase:
    def test_it_tries_again(self, transactional_db, monkeypatch):
        problems = [OperationalError("database is locked")] * 3
        real = models.IndexEntryQuerySet.note

        def note(self, *args, **kwargs):
            if problems:
                raise problems.pop()
            return real(self, *args, **kwargs)

        monkeypatch.setattr(models.IndexEntryQuerySet, "note", note)
        assert IndexEntry.objects.all().note_alone("things", [1]) == 1

    def test_other_errors_go_up_at_once(self, transactional_db, monkeypatch):
        calls = []

        def note(self, *args, **kwargs):
            calls.append(1)
            raise OperationalError("disk I/O error")

        monkeypatch.setattr(models.IndexEntryQuerySet, "note", note)
        with pytest.raises(OperationalError, match="disk"):
            IndexEntry.objects.all().note_alone("things", [1])
        assert len(calls) == 1

    def test_inside_a_transaction_it_goes_up_at_once(self, outbox, monkeypatch):
        calls = []

        def note(self, *args, **kwargs):
            calls.append(1)
            raise OperationalError("database is locked")

        monkeypatch.setattr(models.IndexEntryQuerySet, "note", note)
        with pytest.raises(OperationalError), transaction.atomic():
            outbox.note_alone("things", [1])
        assert len(calls) == 1

    def test_a_real_lock_of_another_process_is_waited_for(self, transactional_db):
        if connection.vendor != "sqlite":
            pytest.skip("SQLite only: other databases lock rows")
        connection.cursor().execute("PRAGMA busy_timeout = 10")
        other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        timer = threading.Timer(0.4, other.execute, ("COMMIT",))
        timer.start()
        try:
            assert IndexEntry.objects.all().note_alone("things", [1]) == 1
        finally:
            timer.join()
            other.close()
            connection.close()


class TestThreads:
    def run(self, *jobs) -> None:
        problems: list[BaseException] = []

        def guarded(job):
            try:
                job()
            except BaseException as problem:
                problems.append(problem)
            finally:
                connection.close()

        threads = [threading.Thread(target=guarded, args=(job,)) for job in jobs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert problems == []

    def test_no_change_of_one_object_is_lost(self, transactional_db):
        IndexEntry.objects.all().note("things", [1], created=True)
        first = entry().version

        def note():
            for _ in range(25):
                IndexEntry.objects.all().note_alone("things", [1])

        self.run(note, note, note, note)
        assert entry().version == first + 100

    def test_the_first_note_may_come_from_several_at_once(self, transactional_db):
        barrier = threading.Barrier(4)

        def note():
            barrier.wait()
            IndexEntry.objects.all().note_alone("things", range(20))

        self.run(note, note, note, note)
        assert IndexEntry.objects.count() == 20

    def test_no_entry_is_claimed_twice(self, transactional_db):
        IndexEntry.objects.all().note("things", range(200), created=True)
        claimed: list[str] = []

        def claim():
            while found := IndexEntry.objects.all().claim(7):
                claimed.extend(item.object_id for item in found)

        self.run(claim, claim, claim, claim)
        assert len(claimed) == 200
        assert len(set(claimed)) == 200
