"""The outbox of changes: which objects belong into an index, and how far each of them is."""

from __future__ import annotations

import functools
import itertools
import operator
import time
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connections, models, router, transaction
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from visual_search.conf import conf
from visual_search.models.writing import chunks, patient

HASHES = 200  # rows in one statement that gives each its own value, which takes three values a row
LONGEST_WAIT = timedelta(hours=1)  # between two attempts at an entry that keeps failing


def clock_version() -> int:
    """Milliseconds since 1970: where an entry's version starts.

    An index may outlive the database (a developer deletes it, a backup is restored). Versions that start at 1 would
    then be "older" than what the index holds, and saves would be skipped. Each save adds one, so no clock decides
    between two saves of one object.
    """
    return time.time_ns() // 1_000_000


class State(models.TextChoices):
    PENDING = "pending", _("pending")
    PROCESSING = "processing", _("processing")
    INDEXED = "indexed", _("indexed")
    FAILED = "failed", _("failed")


class IndexEntryQuerySet(models.QuerySet["IndexEntry"]):
    def note(
        self,
        collection: str,
        object_ids: Iterable[object],
        *,
        deleted: bool = False,
        created: bool = False,
        leap: bool = False,
        not_before: timedelta | None = None,
    ) -> int:
        """Raise the version of these objects' entries and make them pending; returns how many objects.

        Belongs into the transaction that changes the objects. One statement where all entries exist. `created` is a
        hint that they don't. `leap` raises the version above whatever an index may remember of the object.
        `not_before` keeps workers away for a while.
        """
        ids = sorted({str(object_id) for object_id in object_ids})
        for chunk in chunks(ids):
            if not created and self._touch(collection, chunk, deleted, leap, not_before) == len(chunk):
                continue
            version = clock_version()
            self.bulk_create(
                [IndexEntry(collection=collection, object_id=id, version=version, deleted=deleted) for id in chunk],  # type: ignore[misc]  # the stubs can't tie a query set's base to its own model
                ignore_conflicts=True,
            )
            # Once more for all: another transaction may have made one of these entries a moment ago, and a worker may
            # already have read the object as it was before this change.
            self._touch(collection, chunk, deleted, leap, not_before)
        return len(ids)

    def _touch(
        self, collection: str, ids: Sequence[str], deleted: bool, leap: bool, not_before: timedelta | None
    ) -> int:
        now = timezone.now()
        version: Any = F("version") + 1
        return self.filter(collection=collection, object_id__in=ids).update(
            version=Greatest(version, clock_version()) if leap else version,
            state=State.PENDING,
            deleted=deleted,
            attempts=0,
            error="",
            next_attempt_at=now + not_before if not_before else None,
            claim="",
            claimed_until=None,
            updated_at=now,
        )

    @patient
    def note_alone(self, collection: str, object_ids: Iterable[object], **options: Any) -> int:
        """`note` in a transaction of its own, which waits where SQLite is locked."""
        ids = list(object_ids)
        if connections[self.db].in_atomic_block:
            return self.note(collection, ids, **options)
        with transaction.atomic(using=self.db):
            return self.note(collection, ids, **options)

    def due(self) -> IndexEntryQuerySet:
        """Entries that some worker should take now."""
        now = timezone.now()
        waiting = Q(state__in=[State.PENDING, State.FAILED]) & _ready(now)
        return self.filter(waiting | Q(state=State.PROCESSING, claimed_until__lt=now))

    @patient
    def claim(self, size: int, collection: str | None = None, *, failed_by: datetime | None = None) -> list[IndexEntry]:
        """Take up to `size` due entries for this worker alone, for `INDEX_LEASE_SECONDS`; empty when none is due.

        Due are pending entries, then those whose worker died, then failed ones whose retry time has come, or had come
        at `failed_by`.
        """
        now = timezone.now()
        entries = self.filter(collection=collection) if collection else self
        claim = uuid.uuid4().hex
        taken = 0
        with transaction.atomic(using=self.db):
            for state, due in (
                (State.PENDING, _ready(now)),
                (State.PROCESSING, Q(claimed_until__lt=now)),
                (State.FAILED, _ready(failed_by or now)),
            ):
                candidates = entries.filter(due, state=state).order_by("pk")
                if connections[self.db].features.has_select_for_update_skip_locked:
                    candidates = candidates.select_for_update(skip_locked=True)
                keys = list(candidates.values_list("pk", flat=True)[: size - taken])
                # The condition stands here again: without row locks another worker may have been faster.
                taken += self.filter(due, pk__in=keys, state=state).update(
                    state=State.PROCESSING,
                    claim=claim,
                    claimed_until=now + timedelta(seconds=conf.INDEX_LEASE_SECONDS),
                )
                if taken >= size:
                    break
        return list(self.filter(claim=claim).order_by("pk")) if taken else []

    # A change made meanwhile has emptied the claim, and a lease that ran out has replaced it. So whatever ends an
    # attempt goes by the claim: then it never touches an entry that has become someone else's business.

    @patient
    def settle(
        self,
        entries: Sequence[IndexEntry],
        *,
        deleted: bool,
        warning: str = "",
        hashes: Mapping[str, str] | None = None,
    ) -> int:
        """These entries' versions are in the index (or out of it); returns how many are still what they were.

        `hashes`: of the indexed content, by object id.
        """
        return sum(
            self.filter(pk__in=[entry.pk for entry in chunk], claim=chunk[0].claim).update(
                deleted=deleted, warning=warning[:2000], content_hash=_hash_of(chunk, hashes or {}), **_success()
            )
            for chunk in chunks(entries, HASHES)
        )

    @patient
    def settle_partly(self, entry: IndexEntry, reason: str, *, content_hash: str = "") -> None:
        """The index has this entry without a part that can't be had now; try again with a new version later."""
        self.filter(pk=entry.pk, claim=entry.claim).update(
            indexed_version=F("version"),
            version=F("version") + 1,
            deleted=False,
            content_hash=content_hash,
            **_failure(entry.attempts, reason),
        )

    @patient
    def settle_versions(self, collection: str, versions: Mapping[str, int]) -> int:
        """A new index holds these versions, whatever the entries' states were; returns how many were settled."""
        settled = 0
        for ids in chunks(versions):
            open_ids = self.filter(collection=collection, object_id__in=ids).exclude(
                state=State.INDEXED, indexed_version=F("version")
            )
            for few in chunks(open_ids.values_list("object_id", flat=True), 100):
                same = functools.reduce(operator.or_, (Q(object_id=id, version=versions[id]) for id in few))
                settled += self.filter(same, collection=collection).update(deleted=False, **_success())
        return settled

    @patient
    def record_hashes(self, collection: str, contents: Mapping[str, tuple[int, str]]) -> None:
        """A new index holds these objects with this version and this content hash. Newer entries have their own."""
        for ids in chunks(contents, HASHES):
            same = self.filter(collection=collection, object_id__in=ids, deleted=False)
            rows = list(same.only("pk", "object_id", "version", "content_hash"))
            # An entry whose version has risen since is settled with the hash of its newer content.
            held = [row for row in rows if row.version == contents[row.object_id][0]]
            stale = [row for row in held if row.content_hash != contents[row.object_id][1]]
            if stale:
                hashes = {row.object_id: contents[row.object_id][1] for row in stale}
                self.filter(pk__in=[row.pk for row in stale]).update(content_hash=_hash_of(stale, hashes))

    @patient
    def record_warnings(self, collection: str, warnings: Mapping[str, str]) -> None:
        """Exactly these objects of the collection, by id, have something left out."""
        self.filter(collection=collection).exclude(warning="").update(warning="")
        for id, warning in warnings.items():
            self.filter(collection=collection, object_id=id).update(warning=warning[:2000])

    @patient
    def fail(self, entries: Sequence[IndexEntry], reason: str) -> None:
        """Record why, and when to try again: the wait doubles with each attempt, up to an hour."""
        for attempts, group in itertools.groupby(sorted(entries, key=_attempts), key=_attempts):
            for chunk in chunks(group):
                self.filter(pk__in=[entry.pk for entry in chunk], claim=chunk[0].claim).update(
                    **_failure(attempts, reason)
                )

    @patient
    def requeue(self, collection: str) -> int:
        """Take claimed entries away from their workers, so that they are done once more; returns how many."""
        return self.filter(collection=collection, state=State.PROCESSING).update(
            state=State.PENDING, claim="", claimed_until=None
        )

    @patient
    def retry_now(self, collection: str | None = None, pks: Collection[int] | None = None) -> int:
        """Make failed entries due at once; returns how many."""
        failed = self.filter(state=State.FAILED)
        if collection:
            failed = failed.filter(collection=collection)
        if pks is not None:
            failed = failed.filter(pk__in=pks)
        return failed.update(state=State.PENDING, attempts=0, next_attempt_at=None)


def _ready(now: datetime) -> Q:
    return Q(next_attempt_at=None) | Q(next_attempt_at__lte=now)


def _hash_of(entries: Sequence[IndexEntry], hashes: Mapping[str, str]) -> Any:
    """The value of `content_hash` for each of these rows in one UPDATE; empty for those without one."""
    known = [entry for entry in entries if entry.object_id in hashes]
    whens = [When(pk=entry.pk, then=Value(hashes[entry.object_id])) for entry in known]
    return Case(*whens, default=Value("")) if whens else ""


def _success() -> dict[str, Any]:
    return {
        "state": State.INDEXED,
        "indexed_version": F("version"),
        "attempts": 0,
        "error": "",
        "next_attempt_at": None,
        "claim": "",
        "claimed_until": None,
    }


def _failure(attempts: int, reason: str) -> dict[str, Any]:
    wait = timedelta(seconds=conf.INDEX_RETRY_SECONDS * 2.0 ** min(attempts, 20))
    return {
        "state": State.FAILED,
        "attempts": attempts + 1,
        "error": reason[:2000],
        "next_attempt_at": timezone.now() + min(wait, LONGEST_WAIT),
        "claim": "",
        "claimed_until": None,
    }


def _attempts(entry: IndexEntry) -> int:
    return entry.attempts


class IndexEntryManager(models.Manager.from_queryset(IndexEntryQuerySet)):  # type: ignore[misc]
    """Reads where it writes: a replica that lags behind would give work out twice or not at all."""

    def get_queryset(self) -> IndexEntryQuerySet:
        entries: IndexEntryQuerySet = super().get_queryset()
        return entries.using(router.db_for_write(self.model))


class IndexEntry(models.Model):
    """One object that belongs into an index, and how far that is. The row outlives the object, for its version.

    `version` rises with every change; what the index holds is `indexed_version`.
    """

    collection = models.CharField(_("collection"), max_length=64)
    object_id = models.CharField(_("object id"), max_length=200)
    version = models.BigIntegerField(_("version"))
    indexed_version = models.BigIntegerField(_("indexed version"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.PENDING)
    deleted = models.BooleanField(
        _("deleted"), default=False, help_text=_("The object is gone or doesn't belong into the index.")
    )
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    error = models.TextField(_("error"), blank=True, default="")
    warning = models.TextField(
        _("warning"), blank=True, default="", help_text=_("What was left out, such as a broken picture.")
    )
    content_hash = models.CharField(
        _("content hash"), max_length=32, blank=True, default="", help_text=_("Of what was indexed last.")
    )
    next_attempt_at = models.DateTimeField(_("next attempt at"), null=True, blank=True)
    claim = models.CharField(_("claim"), max_length=32, blank=True, default="", db_index=True)
    claimed_until = models.DateTimeField(_("claimed until"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    objects = IndexEntryManager()

    class Meta:
        verbose_name = _("index entry")
        verbose_name_plural = _("index entries")
        constraints = [
            models.UniqueConstraint(fields=["collection", "object_id"], name="visual_search_entry_object"),
        ]
        indexes = [models.Index(fields=["state", "id"], name="visual_search_entry_claim")]

    def __str__(self) -> str:
        return f"{self.collection}/{self.object_id} ({self.state})"
